//! English.

use super::super::MessageKind;
use super::BuiltIn;

macro_rules! code_mail {
    ($lead:literal) => {
        concat!(
            "Hello,\n\n",
            $lead,
            "\n\n{{ code }}\n\nIt works once, for {{ minutes }} minutes. Never pass it on: nobody at {{ brand }} will ask you for it.\n\n",
            "If you did not ask for this code, you can ignore this message.{% if ip %} The request came from {{ ip }}.{% endif %}\n\n",
            "{{ brand }}\n"
        )
    };
}

macro_rules! notice_mail {
    ($what:literal) => {
        concat!(
            "Hello{% if user %} {{ user }}{% endif %},\n\n",
            $what,
            "\n{% if at %}\nTime: {{ at }}{% endif %}{% if ip %}\nFrom: {{ ip }}{% endif %}{% if at or ip %}\n{% endif %}\n",
            "If this was you, there is nothing to do. If it was not, change your password now and contact support.\n\n",
            "{{ brand }}\n"
        )
    };
}

macro_rules! notice_sms {
    ($what:literal) => {
        concat!("{{ brand }}: ", $what, " Not you? Change your password and contact support.")
    };
}

pub(super) fn texts(kind: MessageKind) -> BuiltIn {
    match kind {
        MessageKind::LoginCode => BuiltIn {
            subject: "Your {{ brand }} login code",
            text: code_mail!("this is your code to log in to {{ brand }}:"),
            sms: "{{ code }} is your {{ brand }} login code. It works for {{ minutes }} minutes. Never pass it on.",
        },
        MessageKind::EnrolmentCode => BuiltIn {
            subject: "Your {{ brand }} verification code",
            text: code_mail!("this is your code to set up two-factor authentication at {{ brand }}:"),
            sms: "{{ code }} is your {{ brand }} verification code. It works for {{ minutes }} minutes. Never pass it on.",
        },
        MessageKind::ReauthCode => BuiltIn {
            subject: "Confirm a change at {{ brand }}",
            text: code_mail!("this is your code to confirm a security change at {{ brand }}:"),
            sms: "{{ code }} confirms a security change at {{ brand }}. It works for {{ minutes }} minutes. Never pass it on.",
        },
        MessageKind::TwoFactorEnabled => BuiltIn {
            subject: "{{ brand }}: two-factor authentication is on",
            text: notice_mail!("two-factor authentication has been switched on for your {{ brand }} account."),
            sms: notice_sms!("two-factor authentication is on."),
        },
        MessageKind::TwoFactorDisabled => BuiltIn {
            subject: "{{ brand }}: two-factor authentication is off",
            text: notice_mail!("two-factor authentication has been switched off for your {{ brand }} account."),
            sms: notice_sms!("two-factor authentication is off."),
        },
        MessageKind::TwoFactorReset => BuiltIn {
            subject: "{{ brand }}: two-factor authentication was reset",
            text: notice_mail!(
                "two-factor authentication has been reset for your {{ brand }} account. You can set it up again."
            ),
            sms: notice_sms!("two-factor authentication was reset."),
        },
        MessageKind::AuthenticatorReset => BuiltIn {
            subject: "{{ brand }}: your authenticator app was reset",
            text: notice_mail!(
                "the authenticator app of your {{ brand }} account has been reset. Codes from the old one no longer work."
            ),
            sms: notice_sms!("your authenticator app was reset."),
        },
        MessageKind::RecoveryCodesRegenerated => BuiltIn {
            subject: "{{ brand }}: new recovery codes",
            text: notice_mail!(
                "new recovery codes have been made for your {{ brand }} account. The old ones no longer work."
            ),
            sms: notice_sms!("new recovery codes were made, the old ones are void."),
        },
        MessageKind::RecoveryCodeUsed => BuiltIn {
            subject: "{{ brand }}: a recovery code was used",
            text: notice_mail!(
                "a recovery code has been used to log in to your {{ brand }} account. It will not work again."
            ),
            sms: notice_sms!("a recovery code was used to log in."),
        },
        MessageKind::FactorLocked => BuiltIn {
            subject: "{{ brand }}: too many wrong codes",
            text: notice_mail!(
                "too many wrong codes were entered for your {{ brand }} account, so one way to confirm your login is locked for a while."
            ),
            sms: notice_sms!("too many wrong codes were entered."),
        },
    }
}
