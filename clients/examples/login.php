<?php
// A login's second step, on the command line: php login.php USER
// Environment: TWOFOLD_URL, TWOFOLD_KEY. The code is read from standard input.

declare(strict_types=1);
require __DIR__ . '/../php/Twofold.php';

$twofold = new Twofold(getenv('TWOFOLD_URL') ?: 'http://127.0.0.1:8080', (string) getenv('TWOFOLD_KEY'));
$user = $argv[1] ?? 'alice';

try {
    // The panel has checked the password. What now?
    $login = $twofold->challenge($user);
    if ($login['login_allowed']) {
        exit("in: {$login['status']}\n");
    }
    echo $login['message'], "\n";
    if (isset($login['enrolment']['totp'])) {
        echo 'key: ', $login['enrolment']['totp']['secret'], "\n";
    }
    $result = $twofold->verifyChallenge($user, $login['id'], (string) fgets(STDIN));
    echo $result->message, "\n";
    exit($result->ok ? 0 : 1);
} catch (TwofoldRefused $refused) {
    fwrite(STDERR, $refused->getMessage() . "\n");
    exit(2);
} catch (TwofoldUnavailable $unavailable) {
    fwrite(STDERR, "Please try again. ({$unavailable->getMessage()})\n");
    exit(3);
}
