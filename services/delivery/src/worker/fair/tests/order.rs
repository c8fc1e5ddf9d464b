//! One rule each.

use std::time::Duration;

use super::*;

fn of_tenant(order: &[(u8, u64)], n: u8) -> usize {
    order.iter().filter(|(tenant, _)| *tenant == n).count()
}

#[test]
fn behind_a_hundred_thousand_of_one_tenant_nobody_else_waits() {
    let mut lane = Called::new(WIDE);
    lane.add(1, 0..100_000);
    assert_eq!(of_tenant(&lane.one_by_one(5000), 1), 5000);
    lane.add(2, 0..3);
    let order = lane.one_by_one(7);
    assert_eq!((of_tenant(&order, 1), of_tenant(&order, 2)), (4, 3), "{order:?}");
}

#[test]
fn turns_are_taken_by_weight() {
    let mut lane = Called::new(WIDE);
    for (n, weight) in [(1, 10), (2, 30), (3, 60)] {
        for destination in 0..1000 {
            lane.0.push(&Item { weight, ..item(n, destination) }, true, 0, 0, (n, destination));
        }
    }
    let order = lane.one_by_one(1000);
    let counts = [1, 2, 3].map(|n| of_tenant(&order, n));
    assert!(counts.iter().zip([100, 300, 600]).all(|(got, want)| got.abs_diff(want) <= 2), "{counts:?}");
}

#[test]
fn a_tenant_that_comes_back_has_neither_credit_nor_debt() {
    let mut lane = Called::new(WIDE);
    lane.add(1, 0..1000);
    lane.one_by_one(500);
    lane.add(2, 0..100);
    assert_eq!(of_tenant(&lane.one_by_one(20), 2), 10, "no turns are made up for");
    lane.one_by_one(usize::MAX);
    lane.add(1, 2000..2010);
    lane.add(3, 0..10);
    assert_eq!(of_tenant(&lane.one_by_one(10), 1), 5, "none are held against it");
}

#[test]
fn within_a_tenant_the_earliest_deadline_is_first() {
    let mut lane = Called::new(WIDE);
    for (destination, ms) in [(1, 500), (2, 300), (3, 400)] {
        lane.0.push(&Item { last_call: Timestamp(ms), ..item(1, destination) }, true, 0, 0, (1, destination));
    }
    assert_eq!(lane.one_by_one(9), [(1, 2), (1, 3), (1, 1)]);
}

#[test]
fn a_destination_has_one_attempt_at_a_time_and_the_others_go_on() {
    let mut lane = Called::new(WIDE);
    lane.add(1, [7, 7, 7, 8]);
    lane.add(2, [7]);
    let (places, order) = lane.at_once();
    assert_eq!(order.len(), 3, "{order:?}");
    assert!(order.contains(&(1, 7)) && order.contains(&(1, 8)) && order.contains(&(2, 7)));
    lane.release(places);
    assert_eq!(lane.one_by_one(9), [(1, 7), (1, 7)]);
}

#[test]
fn what_waits_behind_an_overdue_message_to_the_same_destination_is_not_forgotten() {
    let mut lane = Called::new(WIDE);
    lane.add(1, [7]);
    for ms in [100, 200, 300] {
        lane.0.push(&Item { last_call: Timestamp(ms), ..item(1, 7) }, true, 0, 0, (1, 7));
    }
    let (places, order) = lane.at_once();
    assert_eq!(order.len(), 1);
    assert!(lane.pop().is_none());
    lane.release(places);
    assert_eq!(lane.0.overdue(Timestamp(200), 9).len(), 1, "100 went first, 200 is over");
    assert_eq!(lane.one_by_one(9).len(), 2);
}

#[test]
fn a_message_between_two_attempts_takes_no_place_and_is_back_when_due() {
    let mut lane = Called::new(limits(1, 1));
    lane.0.push(&item(1, 1), true, 50, 10, (1, 1));
    lane.add(1, [2]);
    assert_eq!(lane.one_by_one(9), [(1, 2)]);
    assert_eq!(lane.0.next_due_ms(), Some(50));
    assert!(lane.0.pop(49).is_none());
    assert_eq!(lane.0.pop(50).map(|(_, called)| called), Some((1, 1)));
}

#[test]
fn a_tenant_whose_provider_hangs_holds_few_places_and_fewer_the_more_of_them_there_are() {
    let mut lane = Called::new(limits(64, 8));
    lane.add(1, 0..100);
    let (_hanging, order) = lane.at_once();
    assert_eq!(order.len(), 8);
    for n in 2..40 {
        lane.add(n, 0..100);
    }
    let (_hanging_too, order) = lane.at_once();
    assert_eq!(order.len(), 48 - 8, "all places but those for tenants that have none");
    let most = (2..40).map(|n| of_tenant(&order, n)).max();
    assert!((2..40).all(|n| of_tenant(&order, n) >= 1) && most <= Some(2), "{order:?}");
}

#[test]
fn a_quarter_of_the_places_is_for_tenants_that_have_none() {
    let mut lane = Called::new(limits(16, 16));
    lane.add(1, 0..100);
    let (mut hanging, order) = lane.at_once();
    assert_eq!(order.len(), 8, "half, as if another were about to come");
    for n in 2..=4 {
        lane.add(n, 0..100);
        hanging.extend(lane.at_once().0);
    }
    assert_eq!(hanging.len(), 12 + 2);
    for n in 5..=6 {
        lane.add(n, [0]);
        assert_eq!(lane.at_once().1, [(n, 0)]);
    }
    lane.add(7, [0]);
    assert!(lane.pop().is_none());
    lane.release(hanging.drain(..1));
    assert_eq!(lane.at_once().1, [(7, 0)]);
}

#[test]
fn an_attempt_that_takes_long_stands_aside_and_counts_for_its_tenant_only() {
    let mut lane = Called::new(limits(2, 2));
    lane.add(1, 0..9);
    let (mut hanging, _) = lane.at_once();
    lane.add(2, 0..9);
    hanging.extend(lane.at_once().0);
    assert_eq!(hanging.len(), 2);
    for place in &mut hanging {
        lane.0.stand_aside(place);
    }
    lane.add(3, 0..9);
    let (more, order) = lane.at_once();
    assert_eq!((order, lane.0.numbers(Timestamp(0), 0, 9).in_flight), (vec![(3, 0)], 3));
    lane.release(hanging.into_iter().chain(more));
    assert_eq!(lane.at_once().0.len(), 2, "room for as many as before");
}

#[test]
fn shares_of_the_room_shrink_with_more_tenants_and_the_least_urgent_gives_way() {
    let mut lane = Called::new(Limits { kept: 100, of_tenant: 2, ..WIDE });
    for (destination, ms) in (0..50).zip(1000..) {
        assert!(lane.0.has_share(&item(1, destination)));
        lane.0.push(&Item { last_call: Timestamp(ms), ..item(1, destination) }, true, 0, 0, (1, destination));
    }
    assert!(!lane.0.has_share(&item(1, 50)) && lane.0.beyond_shares().is_empty());
    lane.add(2, 0..4);
    assert!(lane.0.has_share(&item(2, 9)));
    let beyond = lane.0.beyond_shares();
    assert_eq!(beyond, (34..50).rev().map(|destination| (1, destination)).collect::<Vec<_>>());
}

#[test]
fn however_many_tenants_there_are_what_is_kept_whole_is_bounded() {
    let mut lane = Called::new(Limits { kept: 100, of_tenant: 10, ..WIDE });
    for n in 0..5 {
        assert!(lane.0.has_room());
        lane.add(n, 0..20);
    }
    assert!(lane.0.has_share(&item(9, 0)) && !lane.0.has_room());
    lane.one_by_one(1);
    assert!(lane.0.has_room());
}

#[test]
fn what_is_overdue_or_drained_is_taken_out_wherever_it_waits() {
    let mut lane = Called::new(WIDE);
    lane.add(1, [7]);
    let (_flying, _) = lane.at_once();
    let at = |ms, destination| Item { last_call: Timestamp(ms), ..item(1, destination) };
    lane.0.push(&at(10, 7), true, 0, 0, (1, 7));
    lane.0.push(&at(20, 8), true, 90, 0, (1, 8));
    lane.0.push(&at(30, 9), true, 0, 0, (1, 9));
    lane.0.push(&at(40, 10), true, 80, 0, (1, 10));
    assert!(lane.0.overdue(Timestamp(9), 9).is_empty());
    let (_, flying) = lane.at_once();
    assert_eq!(flying, [(1, 9)], "the first waits behind another, the second for its time");
    assert_eq!(lane.0.overdue(Timestamp(20), 9), [(1, 7), (1, 8)]);
    assert_eq!(lane.0.drain(30), [(Duration::from_millis(50), (1, 10))]);
    assert!(lane.0.pop(1000).is_none() && lane.0.next_due_ms().is_none());
}

#[test]
fn numbers_name_the_tenants_with_the_most_waiting_and_forget_those_that_are_gone() {
    let mut lane = Called::new(limits(2, 1));
    for n in 1..=60 {
        lane.add(n, 0..u64::from(n));
    }
    let (places, _) = lane.at_once();
    let numbers = lane.0.numbers(Timestamp(0), 0, 50);
    assert_eq!((numbers.waiting, numbers.in_flight, numbers.tenants.len()), (60 * 61 / 2 - 2, 2, 50));
    assert_eq!(numbers.tenants[0], (tenant(60), 60, 0));
    lane.release(places);
    lane.one_by_one(usize::MAX);
    lane.0.tidy(1);
    assert!(lane.0.numbers(Timestamp(0), 0, 50).tenants.is_empty() && lane.0.tenants() == 0);
}
