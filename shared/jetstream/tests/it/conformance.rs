//! The log passes the suite: on one server and on three, with everything in batches, and with as little as possible.

mod one_server {
    use crate::support::Site;

    twofold_event_log::conformance_suite!(Site::alone().await);
}

mod three_servers {
    use crate::support::Site;

    twofold_event_log::conformance_suite!(Site::cluster().await);
}

mod only_batches {
    use twofold_event_log::conformance::{atomicity, mixed, race};

    use crate::support::Site;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_of_sixteen_writers_wins_each_round() {
        race::one_of_sixteen_writers_wins_each_round(&Site::alone().await.with(|options| options.singles_at_most = 0))
            .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn conflicts_reject_only_their_own_group() {
        let site = Site::alone().await.with(|options| options.singles_at_most = 0);
        atomicity::conflicts_reject_only_their_own_group(&site).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn everything_acknowledged_is_there_exactly_once() {
        let site = Site::alone().await.with(|options| options.singles_at_most = 0);
        mixed::everything_acknowledged_is_there_exactly_once(&site).await;
    }
}

mod only_single_messages {
    use twofold_event_log::conformance::{mixed, race};

    use crate::support::Site;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_of_sixteen_writers_wins_each_round() {
        let site = Site::alone().await.with(|options| options.singles_at_most = usize::MAX);
        race::one_of_sixteen_writers_wins_each_round(&site).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn everything_acknowledged_is_there_exactly_once() {
        let site = Site::alone().await.with(|options| options.singles_at_most = usize::MAX);
        mixed::everything_acknowledged_is_there_exactly_once(&site).await;
    }
}
