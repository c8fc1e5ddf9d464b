//! Invariant 4, keys and the live directory.

use twofold_domain::user::Refusal;
use twofold_domain::{Mode, PanelId};
use twofold_engine::{Caller, Engine, EngineError, RequestContext};

use crate::support::*;

fn known(engine: &Engine, key: &str) -> bool {
    engine.directory().authenticate(engine.keyring(), key).is_some()
}

#[tokio::test]
async fn invariant_4_another_tenants_user_is_a_missing_user() {
    let world = World::new();
    let node = world.node().await;
    let mine = tenant(&node, "mine", serde_json::json!({})).await;
    let theirs = tenant(&node, "theirs", serde_json::json!({})).await;
    let (secret, _) = enrolled(&node, &mine, "mia").await;
    world.clock.advance_secs(30);
    let code = code(&secret, node.clock().now());
    let test_mode = Caller { mode: Mode::Test, ..mine.clone() };
    for foreign in [theirs, test_mode] {
        let answer = run(&node, &foreign, "mia", &verify(code.expose())).await;
        assert!(matches!(answer, Err(EngineError::Refused(Refusal::UserNotFound))), "{answer:?}");
    }
}

#[tokio::test]
async fn c30_another_spelling_is_the_same_user() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&node, &caller, "mia").await;
    world.clock.advance_secs(30);
    let code = code(&secret, node.clock().now());
    assert_eq!(run(&node, &caller, " MIA ", &verify(code.expose())).await.expect("judged").outcome, "verified");
}

#[tokio::test]
async fn a_revoked_key_is_dead_on_every_node_and_a_changed_setting_in_force() {
    let world = World::new();
    let (first, second) = (world.node().await, world.node().await);
    let caller = tenant(&first, "t", serde_json::json!({})).await;
    let made = key(&first, &caller, Mode::Live).await;
    assert!(known(&first, made.key.expose()), "at once where it was made");
    until("the key reaching the other node", || known(&second, made.key.expose())).await;
    first
        .patch_settings(&caller.tenant.id, serde_json::json!({"policy": "off"}), &RequestContext::system())
        .await
        .expect("patched");
    until("the setting reaching the other node", || {
        second
            .directory()
            .tenant(&caller.tenant.id)
            .is_some_and(|t| t.settings().policy == twofold_domain::settings::PolicyMode::Off)
    })
    .await;
    first.revoke_key(&caller.tenant.id, &made.record.id, &RequestContext::system()).await.expect("revoked");
    assert!(!known(&first, made.key.expose()));
    until("the revocation reaching the other node", || !known(&second, made.key.expose())).await;
}

#[tokio::test]
async fn keys_of_one_kind_do_not_pass_for_another() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let live = key(&node, &caller, Mode::Live).await;
    let test = key(&node, &caller, Mode::Test).await;
    assert!(known(&node, live.key.expose()) && known(&node, test.key.expose()));
    for wrong in [
        live.key.expose().replacen("tf_live_", "tf_test_", 1),
        live.key.expose().replacen("tf_live_", "tf_op_", 1),
        String::new(),
        "tf_live_".into(),
    ] {
        assert!(!known(&node, &wrong), "{wrong}");
    }
    node.tenant_command(&caller.tenant.id, &twofold_domain::tenant::TenantCommand::Suspend, &RequestContext::system())
        .await
        .expect("suspended");
    assert!(!known(&node, live.key.expose()));
}

#[tokio::test]
async fn an_account_overrides_its_tenant() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({"codes": {"digits": 8}})).await;
    let account = PanelId::parse("acme").expect("an id");
    let (id, _) = node
        .set_account(
            &caller.tenant.id,
            Mode::Live,
            &account,
            &serde_json::json!({"policy": "required"}),
            &RequestContext::system(),
        )
        .await
        .expect("set");
    let view = node.directory().tenant(&caller.tenant.id).expect("there");
    let effective = node.directory().settings_for(&view, Some(&id));
    assert_eq!((effective.policy, effective.codes.digits), (twofold_domain::settings::PolicyMode::Required, 8));
    // The tenant's document lies under the overrides, also when it changes later.
    node.patch_settings(&caller.tenant.id, serde_json::json!({"codes": {"digits": 6}}), &RequestContext::system())
        .await
        .expect("patched");
    let view = node.directory().tenant(&caller.tenant.id).expect("there");
    assert_eq!(node.directory().settings_for(&view, Some(&id)).codes.digits, 6);
}

#[tokio::test]
async fn erasure_makes_the_user_unreadable_and_unusable() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&node, &caller, "mia").await;
    let whom = whom(&node, &caller, "mia");
    let provider = Caller { context: RequestContext::system(), ..caller.clone() };
    assert!(node.erase(&caller, &whom).await.is_err(), "not the user himself");
    for _ in 0..2 {
        node.erase(&provider, &whom).await.expect("erased");
    }
    world.clock.advance_secs(30);
    let code = code(&secret, node.clock().now());
    let answer = run(&node, &caller, "mia", &verify(code.expose())).await;
    assert!(matches!(answer, Err(EngineError::Refused(Refusal::UserErased))), "{answer:?}");
    assert!(node.vault().existing(&caller.tenant.id, &whom.token).await.is_err());
}
