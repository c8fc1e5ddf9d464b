//! C16: the owner is told of changes at the registered address.

use super::*;

fn told(decision: &Decision) -> Vec<NoticeKind> {
    let kind = |request: &DeliveryRequest| match request.kind {
        MessageKind::Notice(kind) => Some(kind),
        MessageKind::Code { .. } => None,
    };
    decision.deliveries.iter().filter_map(kind).collect()
}

#[test]
fn c16_every_change_of_factors_is_told() {
    let mut w = World::new(everything());
    assert_eq!(told(&w.enrol(Method::Totp)), [NoticeKind::TwoFactorEnabled]);
    assert_eq!(told(&w.enrol(Method::Sms)), [NoticeKind::TwoFactorEnabled], "another method as well");
    let (reauth, recovery) = (w.proof(), w.hashes());
    let made = w.run(CommandKind::RegenerateRecoveryCodes { reauth, recovery }).expect("made");
    assert_eq!(told(&made), [NoticeKind::RecoveryCodesRegenerated]);
    let code = w.recovery_code(0);
    let used = w.try_code(&direct_recovery(), &code).expect("used");
    assert_eq!(told(&used), [NoticeKind::RecoveryCodeUsed]);
    w.fail(&direct(), 4);
    assert_eq!(told(&w.try_code(&direct(), &Typed::Nonsense).expect("counted")), [NoticeKind::FactorLocked]);
    let reauth = w.proof();
    let reset = w.run(CommandKind::ResetAuthenticator { reauth }).expect("reset");
    assert_eq!(told(&reset), [NoticeKind::AuthenticatorReset]);
    assert_eq!(told(&w.reset().expect("reset")), [NoticeKind::TwoFactorReset]);
    assert_eq!(told(&w.use_2fa(false)), [NoticeKind::TwoFactorDisabled]);
}

#[test]
fn c16_of_several_news_at_once_the_weightiest_is_told() {
    let mut w = World::new(everything());
    w.enrol(Method::Totp);
    w.settings.reauth.disable = crate::settings::ReauthRule::Code;
    let attempt = Attempt { purpose: Purpose::Reauth, ..direct_recovery() };
    let code = Some((attempt, Evidence::RecoveryCode { index: Some(0) }));
    let done = w.run(CommandKind::Disable { reauth: ReauthProof { code, ..ReauthProof::default() } }).expect("done");
    assert_eq!(told(&done), [NoticeKind::TwoFactorDisabled], "not that a recovery code was used");
}

#[test]
fn c16_nothing_is_told_without_channel_address_or_wish() {
    let w = World::new(everything());
    let mut no_channel = w.clone();
    no_channel.channels.email = false;
    let mut no_wish = w.clone();
    no_wish.settings.notices.enabled = false;
    let mut no_address = w;
    no_address.put(ProfilePatch { email: Patch::Clear, ..profile_patch() });
    for world in [&mut no_channel, &mut no_wish, &mut no_address] {
        assert_eq!(told(&world.enrol(Method::Totp)), []);
    }
}
