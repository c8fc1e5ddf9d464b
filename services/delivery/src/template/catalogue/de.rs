//! German.

use super::super::MessageKind;
use super::BuiltIn;

macro_rules! code_mail {
    ($lead:literal) => {
        concat!(
            "Guten Tag,\n\n",
            $lead,
            "\n\n{{ code }}\n\nEr gilt einmal und {{ minutes }} Minuten lang. Geben Sie ihn nie weiter: Niemand bei {{ brand }} wird Sie danach fragen.\n\n",
            "Falls Sie diesen Code nicht angefordert haben, können Sie diese Nachricht ignorieren.{% if ip %} Die Anfrage kam von {{ ip }}.{% endif %}\n\n",
            "{{ brand }}\n"
        )
    };
}

macro_rules! notice_mail {
    ($what:literal) => {
        concat!(
            "Guten Tag{% if user %} {{ user }}{% endif %},\n\n",
            $what,
            "\n{% if at %}\nZeit: {{ at }}{% endif %}{% if ip %}\nVon: {{ ip }}{% endif %}{% if at or ip %}\n{% endif %}\n",
            "Wenn Sie das waren, ist nichts zu tun. Wenn nicht, ändern Sie jetzt Ihr Passwort und wenden Sie sich an den Support.\n\n",
            "{{ brand }}\n"
        )
    };
}

macro_rules! notice_sms {
    ($what:literal) => {
        concat!("{{ brand }}: ", $what, " Das waren nicht Sie? Passwort ändern und Support verständigen.")
    };
}

pub(super) fn texts(kind: MessageKind) -> BuiltIn {
    match kind {
        MessageKind::LoginCode => BuiltIn {
            subject: "Ihr Anmeldecode für {{ brand }}",
            text: code_mail!("mit diesem Code melden Sie sich bei {{ brand }} an:"),
            sms: "{{ code }} ist Ihr Anmeldecode für {{ brand }}. Er gilt {{ minutes }} Minuten. Nie weitergeben.",
        },
        MessageKind::EnrolmentCode => BuiltIn {
            subject: "Ihr Bestätigungscode für {{ brand }}",
            text: code_mail!("mit diesem Code richten Sie die Zwei-Faktor-Anmeldung bei {{ brand }} ein:"),
            sms: "{{ code }} ist Ihr Bestätigungscode für {{ brand }}. Er gilt {{ minutes }} Minuten. Nie weitergeben.",
        },
        MessageKind::ReauthCode => BuiltIn {
            subject: "Änderung bei {{ brand }} bestätigen",
            text: code_mail!("mit diesem Code bestätigen Sie eine Änderung der Sicherheit bei {{ brand }}:"),
            sms: "{{ code }} bestätigt eine Änderung der Sicherheit bei {{ brand }}. Er gilt {{ minutes }} Minuten. Nie weitergeben.",
        },
        MessageKind::TwoFactorEnabled => BuiltIn {
            subject: "{{ brand }}: Zwei-Faktor-Anmeldung eingeschaltet",
            text: notice_mail!("für Ihr Konto bei {{ brand }} wurde die Zwei-Faktor-Anmeldung eingeschaltet."),
            sms: notice_sms!("Zwei-Faktor-Anmeldung eingeschaltet."),
        },
        MessageKind::TwoFactorDisabled => BuiltIn {
            subject: "{{ brand }}: Zwei-Faktor-Anmeldung ausgeschaltet",
            text: notice_mail!("für Ihr Konto bei {{ brand }} wurde die Zwei-Faktor-Anmeldung ausgeschaltet."),
            sms: notice_sms!("Zwei-Faktor-Anmeldung ausgeschaltet."),
        },
        MessageKind::TwoFactorReset => BuiltIn {
            subject: "{{ brand }}: Zwei-Faktor-Anmeldung zurückgesetzt",
            text: notice_mail!(
                "für Ihr Konto bei {{ brand }} wurde die Zwei-Faktor-Anmeldung zurückgesetzt. Sie können sie neu einrichten."
            ),
            sms: notice_sms!("Zwei-Faktor-Anmeldung zurückgesetzt."),
        },
        MessageKind::AuthenticatorReset => BuiltIn {
            subject: "{{ brand }}: Authenticator-App zurückgesetzt",
            text: notice_mail!(
                "die Authenticator-App Ihres Kontos bei {{ brand }} wurde zurückgesetzt. Codes der alten gelten nicht mehr."
            ),
            sms: notice_sms!("Authenticator-App zurückgesetzt."),
        },
        MessageKind::RecoveryCodesRegenerated => BuiltIn {
            subject: "{{ brand }}: neue Wiederherstellungscodes",
            text: notice_mail!(
                "für Ihr Konto bei {{ brand }} wurden neue Wiederherstellungscodes erzeugt. Die alten gelten nicht mehr."
            ),
            sms: notice_sms!("Neue Wiederherstellungscodes erzeugt, die alten sind ungültig."),
        },
        MessageKind::RecoveryCodeUsed => BuiltIn {
            subject: "{{ brand }}: Wiederherstellungscode benutzt",
            text: notice_mail!(
                "bei Ihrem Konto bei {{ brand }} hat sich jemand mit einem Wiederherstellungscode angemeldet. Er gilt nun nicht mehr."
            ),
            sms: notice_sms!("Anmeldung mit einem Wiederherstellungscode."),
        },
        MessageKind::FactorLocked => BuiltIn {
            subject: "{{ brand }}: zu viele falsche Codes",
            text: notice_mail!(
                "für Ihr Konto bei {{ brand }} wurden zu viele falsche Codes eingegeben. Ein Weg, die Anmeldung zu bestätigen, ist deshalb vorübergehend gesperrt."
            ),
            sms: notice_sms!("Zu viele falsche Codes eingegeben."),
        },
    }
}
