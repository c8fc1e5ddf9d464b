//! Wire form of delivery requests and of the ledger of what became of them.

use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested, SmsRegion, SuppressionCause, SuppressionEvent};
use twofold_domain::user::{Destination, MessageKind, NoticeKind, Purpose};
use twofold_domain::{Channel, CodeNonce, MessageId, Mode, Timestamp, UserToken};

use super::family::{choice, family, record};
use super::value::names;

family! {
    DeliveryEvent of "delivery" {
        /// A message is to be sent. Appended together with the event that caused it.
        "delivery.requested" 1 => Requested(request: DeliveryRequested),
        /// A provider has the whole message in hand and takes its time to answer.
        "delivery.handing_over" 1 => HandingOver { attempt: u32, provider: Option<String> },
        /// One attempt failed and another will follow.
        "delivery.retrying" 2 => Retrying { attempt: u32, cause: String, provider: Option<String> },
        /// A provider took the message.
        "delivery.accepted" 2 => Accepted {
            attempt: u32,
            provider_id: Option<String>,
            provider: Option<String>,
            region: Option<SmsRegion>,
        },
        /// The message went to the test inbox.
        "delivery.captured" 1 => Captured,
        /// The message will not be sent: the provider refused it for good, or no channel is configured.
        "delivery.dead" 2 => Dead { attempt: u32, cause: String, provider: Option<String> },
        /// The message's time was over before it could be handed over.
        "delivery.expired" 1 => Expired { attempt: u32 },
        /// A newer code, a spent challenge or a changed destination made the message pointless.
        "delivery.superseded" 1 => Superseded,
        /// The provider says that the message arrived.
        "delivery.delivered" 1 => Delivered { provider: Option<String> },
        /// The provider had taken the message, and it did not arrive after all.
        "delivery.bounced" 1 => Bounced { provider: Option<String>, cause: String, permanent: bool },
        /// An operator gave a dead message another chance.
        "delivery.redriven" 1 => Redriven,
    }
}

family! {
    SuppressionEvent of "suppression" {
        /// Nothing is sent to the destination any more.
        "destination.suppressed" 1 => Suppressed {
            channel: Channel,
            cause: SuppressionCause,
            message: Option<MessageId>,
        },
        /// Messages may go to the destination again.
        "destination.released" 1 => Released,
    }
}

record! {
    SmsRegion { country: String, prefix: String }
    DeliveryRequested {
        message: MessageId,
        user: UserToken,
        mode: Mode,
        channel: Channel,
        destination: Destination,
        kind: MessageKind,
        locale: Option<String>,
        expires_at: Timestamp,
    }
}

choice! {
    MessageKind {
        "code" => Code { purpose: Purpose, reference: String, nonce: CodeNonce, digits: u8 },
        "notice" => Notice(kind: NoticeKind),
    }
}

names! {
    SuppressionCause {
        Bounced = "bounced",
        OptedOut = "opted_out",
        Complaint = "complaint",
        Manual = "manual",
    }
    NoticeKind {
        TwoFactorEnabled = "two_factor_enabled",
        TwoFactorDisabled = "two_factor_disabled",
        TwoFactorReset = "two_factor_reset",
        AuthenticatorReset = "authenticator_reset",
        RecoveryCodesRegenerated = "recovery_codes_regenerated",
        RecoveryCodeUsed = "recovery_code_used",
        FactorLocked = "factor_locked",
    }
}
