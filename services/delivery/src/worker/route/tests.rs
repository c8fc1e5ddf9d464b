use std::path::PathBuf;

use serde_json::json;
use twofold_domain::TenantId;

use super::*;
use crate::transport::{AddressPolicy, SmsChannel, Surroundings, Tls};

/// Providers with the countries they serve.
fn route(providers: &[(&str, &[&str])]) -> Route {
    let around = Surroundings {
        policy: AddressPolicy::default(),
        tls: Tls::bundled().expect("roots"),
        outbox_dir: PathBuf::new(),
    };
    let tenant = TenantId::from_bytes([7; 16]);
    let made = |(name, countries): &(&str, &[&str])| {
        let config = json!({ "name": name, "provider": "outbox", "countries": countries });
        let config: SmsChannel = serde_json::from_value(config).expect("channel");
        Provider::sms(&config, &around, Owner { tenant: Some(&tenant), turns: 8 }).expect("provider")
    };
    Route { channel: Channel::Sms, providers: providers.iter().map(made).collect() }
}

#[derive(Default)]
struct World {
    tries: Tries,
    steering: Steering,
    breakers: Breakers,
}

impl World {
    fn choose(&mut self, route: &Route, country: &str) -> String {
        let now = Circumstances { country: Some(country), steering: &self.steering, breakers: &self.breakers };
        match route.choose(&mut self.tries, now) {
            Choice::Ask(provider) => provider.name.to_string(),
            Choice::Later(_) => "later".to_owned(),
            Choice::Paused => "paused".to_owned(),
            Choice::Nobody(cause) => cause.to_owned(),
        }
    }

    /// A provider fails: what follows, and who is next.
    fn fail(&mut self, route: &Route, name: &str, ending: Ending) -> (After, String) {
        let provider = route.providers.iter().find(|p| &*p.name == name).expect("provider");
        self.tries.note(provider.mark, ending);
        let now = Circumstances { country: Some("DE"), steering: &self.steering, breakers: &self.breakers };
        let after = route.after(provider, &self.tries, now);
        (after, self.choose(route, "DE"))
    }

    fn pause(&mut self, provider: Option<&str>) {
        self.steering.paused.insert((Channel::Sms, provider.map(str::to_owned)));
    }

    fn open_breaker(&self, route: &Route, name: &str) {
        let provider = route.providers.iter().find(|p| &*p.name == name).expect("provider");
        for _ in 0..5 {
            self.breakers.enter(&provider.key).expect("passes").learned(Some(false));
        }
    }
}

fn answer(after: After, next: &str) -> (After, String) {
    (after, next.to_owned())
}

#[test]
fn a_message_goes_round_in_the_order_of_preference_and_rests_after_each_round() {
    let (route, mut world) = (route(&[("a", &[]), ("b", &[]), ("c", &[])]), World::default());
    assert_eq!(world.choose(&route, "DE"), "a");
    assert_eq!(world.fail(&route, "a", Ending::Failed), answer(After::AtOnce, "b"));
    assert_eq!(world.fail(&route, "b", Ending::Failed), answer(After::AtOnce, "c"));
    assert_eq!(world.fail(&route, "c", Ending::Failed), answer(After::Pause, "a"));
    assert_eq!(world.fail(&route, "a", Ending::Failed), answer(After::AtOnce, "b"));
}

#[test]
fn who_refused_is_not_asked_again_and_with_the_last_refusal_it_is_over() {
    let (route, mut world) = (route(&[("a", &[]), ("b", &[])]), World::default());
    assert_eq!(world.fail(&route, "a", Ending::Refused), answer(After::AtOnce, "b"));
    assert_eq!(world.fail(&route, "b", Ending::Failed), answer(After::Pause, "b"));
    assert_eq!(world.fail(&route, "b", Ending::Refused).0, After::Nobody);
}

#[test]
fn what_may_have_been_handed_over_stays_with_its_provider() {
    let (route, mut world) = (route(&[("a", &[]), ("b", &[])]), World::default());
    assert_eq!(world.fail(&route, "a", Ending::Unknown), answer(After::Pause, "a"));
    assert_eq!(world.fail(&route, "a", Ending::Failed), answer(After::Pause, "a"));
    world.open_breaker(&route, "a");
    assert_eq!(world.choose(&route, "DE"), "later");
    assert_eq!(world.fail(&route, "a", Ending::Refused).0, After::Nobody);
    let gone = super::tests::route(&[("b", &[])]);
    assert_eq!(world.choose(&gone, "DE"), "unknown: provider_removed");
}

#[test]
fn the_country_of_a_number_decides_who_serves_it() {
    let (route, mut world) = (route(&[("de", &["DE", "AT"]), ("gb", &["GB"]), ("rest", &[])]), World::default());
    for (country, wanted) in [("DE", "de"), ("AT", "de"), ("GB", "gb"), ("FR", "rest")] {
        assert_eq!(world.choose(&route, country), wanted, "{country}");
    }
    assert_eq!(world.fail(&route, "de", Ending::Failed), answer(After::AtOnce, "rest"));
    let narrow = super::tests::route(&[("de", &["DE"])]);
    assert_eq!(world.choose(&narrow, "GB"), "no_provider_for_country");
    let nowhere = Circumstances { country: None, steering: &world.steering, breakers: &world.breakers };
    assert!(matches!(narrow.choose(&mut Tries::default(), nowhere), Choice::Nobody(_)));
}

#[test]
fn a_sick_provider_is_passed_over_without_an_attempt() {
    let (route, mut world) = (route(&[("a", &[]), ("b", &[])]), World::default());
    world.open_breaker(&route, "a");
    assert_eq!(world.choose(&route, "DE"), "b");
    assert_eq!(world.fail(&route, "b", Ending::Failed), answer(After::Pause, "b"));
    world.open_breaker(&route, "b");
    assert_eq!(world.choose(&route, "DE"), "later");
}

#[test]
fn a_paused_provider_is_passed_over_and_a_paused_channel_waits() {
    let (route, mut world) = (route(&[("a", &[]), ("b", &[])]), World::default());
    world.pause(Some("a"));
    assert_eq!(world.choose(&route, "DE"), "b");
    world.pause(Some("b"));
    assert_eq!(world.choose(&route, "DE"), "paused");
    world.steering.paused.clear();
    world.pause(None);
    assert_eq!(world.choose(&route, "DE"), "paused");
}

#[test]
fn refusals_of_an_earlier_life_are_forgotten_when_nobody_else_is_left() {
    let (route, mut world) = (route(&[("a", &[]), ("b", &[])]), World::default());
    world.tries.note(Mark::of("a"), Ending::Refused);
    assert_eq!(world.choose(&route, "DE"), "b");
    world.tries.note(Mark::of("b"), Ending::Refused);
    assert_eq!(world.choose(&route, "DE"), "a");
}

#[test]
fn what_a_provider_usually_takes_follows_what_it_took_and_not_one_hang() {
    let route = route(&[("main", &[])]);
    let main = &route.providers[0];
    let all_take = |ms| (0..50).for_each(|_| main.took(Duration::from_millis(ms)));
    assert_eq!(main.usual(), Duration::ZERO);
    all_take(4);
    main.took(Duration::from_millis(100));
    assert!(main.usual() > Duration::from_millis(4) && main.usual() < Duration::from_millis(20), "{:?}", main.usual());
    all_take(300);
    assert!(main.usual() > Duration::from_millis(250) && main.usual() <= Duration::from_millis(300));
    all_take(2);
    assert!(main.usual() < Duration::from_millis(5));
}
