<?php
// Twofold for PHP panels: one file, no dependency but ext-curl. PHP 8.1 or newer.
//
//   $twofold = new Twofold('http://127.0.0.1:8080', getenv('TWOFOLD_KEY'));
//   $login = $twofold->challenge($userId);
//   if (!$login['login_allowed']) { … show a code field, then: $twofold->verifyChallenge($userId, $login['id'], $_POST['code'])->ok … }
//
// It fails closed: whatever is not a clear "verified" is not ok, and what could not be decided throws.

declare(strict_types=1);

/** The server could not decide (network, 5xx, 401): let nobody in, show "try again". */
final class TwofoldUnavailable extends RuntimeException {}

/** The request was refused for a reason that the panel should handle or fix; see $code. */
final class TwofoldRefused extends RuntimeException
{
    public function __construct(public readonly string $problem, string $detail, public readonly int $status, public readonly array $body)
    {
        parent::__construct("$problem: $detail", $status);
    }
}

/** The answer to a code. */
final class TwofoldResult
{
    public function __construct(
        /** True only when the code was right. */
        public readonly bool $ok,
        /** wrong_code, expired, already_used, locked, malformed_code, setup_required …; null when ok. */
        public readonly ?string $reason,
        /** The text to show to the user. */
        public readonly string $message,
        /** Seconds to wait, when locked. */
        public readonly ?int $retryAfter,
        /** Recovery codes to show now and never again. */
        public readonly array $recoveryCodes,
        /** The whole answer. */
        public readonly array $body,
    ) {}
}

final class Twofold
{
    private const ATTEMPT_REASONS = ['wrong_code', 'expired', 'already_used', 'locked', 'malformed_code', 'setup_required', 'no_recovery_codes', 'challenge_not_found', 'enrolment_not_found'];
    private ?CurlHandle $curl = null;

    public function __construct(private readonly string $url, private readonly string $key, private readonly int $timeoutSeconds = 10) {}

    /** Tells of a user: account, role, email, phone, locale, use_2fa, may_toggle. What is left out keeps its value. */
    public function putUser(string $user, array $fields = []): array
    {
        return $this->call('PUT', $this->path($user), $fields);
    }

    public function user(string $user): array
    {
        return $this->call('GET', $this->path($user));
    }

    /** After the password: what must the login page show? Look at login_allowed and status. */
    public function challenge(string $user, array $options = []): array
    {
        return $this->call('POST', $this->path($user, 'challenges'), $options + $this->client());
    }

    public function verifyChallenge(string $user, string $challenge, string $code): TwofoldResult
    {
        return $this->attempt($this->path($user, 'challenges', $challenge, 'verify'), $code, 'login');
    }

    public function resendChallenge(string $user, string $challenge): array
    {
        return $this->call('POST', $this->path($user, 'challenges', $challenge, 'resend'), $this->client());
    }

    public function disableAtLogin(string $user, string $challenge): array
    {
        return $this->call('POST', $this->path($user, 'challenges', $challenge, 'disable'), $this->client());
    }

    /** One shot, for authenticator and recovery codes. */
    public function verify(string $user, string $code): TwofoldResult
    {
        return $this->attempt($this->path($user, 'verify'), $code, 'login');
    }

    /** Begins set-up; $reauth says what the user just proved, such as ['password_verified_at' => gmdate(DATE_RFC3339)]. */
    public function enrol(string $user, string $method, array $reauth = ['confirmed' => true], ?string $destination = null): array
    {
        $body = ['method' => $method, 'reauth' => (object) $reauth] + $this->client();
        return $this->call('POST', $this->path($user, 'enrolments'), $destination === null ? $body : $body + ['destination' => $destination]);
    }

    public function confirm(string $user, string $enrolment, string $code): TwofoldResult
    {
        return $this->attempt($this->path($user, 'enrolments', $enrolment, 'confirm'), $code, 'enrolment');
    }

    /** $action: reset, disable, recovery-codes, authenticator/reset, unlock. $actor: ['type' => 'support', 'id' => 'anna']. */
    public function change(string $user, string $action, array $reauth = ['confirmed' => true], ?array $actor = null, ?string $reason = null): array
    {
        $body = $this->client() + array_filter(['actor' => $actor, 'reason' => $reason]);
        $body += $action === 'unlock' ? [] : ['reauth' => (object) $reauth];
        return $this->call('POST', $this->path($user) . '/' . $action, $body);
    }

    public function audit(string $user, array $query = []): array
    {
        return $this->call('GET', $this->path($user, 'audit') . ($query ? '?' . http_build_query($query) : ''));
    }

    private function attempt(string $path, string $code, string $purpose): TwofoldResult
    {
        try {
            $body = $this->call('POST', $path, ['code' => $code] + $this->client());
        } catch (TwofoldRefused $refused) {
            if (!in_array($refused->problem, self::ATTEMPT_REASONS, true)) {
                throw $refused;
            }
            $body = $refused->body;
            return new TwofoldResult(false, $refused->problem, (string) ($body['message'] ?? $body['detail'] ?? ''), isset($body['retry_after']) ? (int) $body['retry_after'] : null, [], $body);
        }
        // A code that confirms a change lets nobody in, and the other way round.
        $ok = ($body['verified'] ?? false) === true && ($body['purpose'] ?? '') === $purpose;
        return new TwofoldResult($ok, $ok ? null : 'unknown', (string) ($body['message'] ?? ''), null, $body['recovery_codes'] ?? [], $body);
    }

    private function path(string $user, string ...$more): string
    {
        return '/v1/users/' . implode('/', array_map('rawurlencode', [$user, ...$more]));
    }

    /** The end user's side of the request, for the audit trail. */
    private function client(): array
    {
        $client = array_filter(['ip' => $_SERVER['REMOTE_ADDR'] ?? null, 'user_agent' => $_SERVER['HTTP_USER_AGENT'] ?? null]);
        return $client ? ['client' => $client] : [];
    }

    private function call(string $method, string $path, ?array $body = null): array
    {
        $this->curl ??= curl_init();
        curl_reset($this->curl);
        $headers = ['Authorization: Bearer ' . $this->key, 'Accept: application/json'];
        $options = [
            CURLOPT_URL => rtrim($this->url, '/') . $path,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => $this->timeoutSeconds,
            CURLOPT_FOLLOWLOCATION => false,
        ];
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
            $options[CURLOPT_POSTFIELDS] = json_encode((object) $body, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
        }
        curl_setopt_array($this->curl, $options + [CURLOPT_HTTPHEADER => $headers]);
        $text = curl_exec($this->curl);
        if ($text === false) {
            throw new TwofoldUnavailable('Twofold cannot be reached: ' . curl_error($this->curl));
        }
        $status = (int) curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE);
        $answer = $text === '' ? [] : json_decode($text, true);
        if ($status >= 500 || $status === 401 || !is_array($answer)) {
            throw new TwofoldUnavailable("Twofold answered $status: " . (is_array($answer) ? ($answer['detail'] ?? '') : 'not JSON'));
        }
        if ($status >= 400) {
            throw new TwofoldRefused((string) ($answer['code'] ?? 'unknown'), (string) ($answer['detail'] ?? ''), $status, $answer);
        }
        return $answer;
    }
}
