//! The suite of every key store, over one server and over three.

use std::sync::Arc;

use twofold_crypto::key_store::conformance::Harness;
use twofold_crypto::{KeyStore, StoreFuture, key_store_suite};
use twofold_test_support::{NatsCluster, NatsOptions, NatsServer};

use super::support;

mod alone {
    use super::*;

    struct Alone(NatsServer);

    impl Harness for Alone {
        fn open(&self) -> StoreFuture<'_, Arc<dyn KeyStore>> {
            Box::pin(async { Ok(support::keys(&support::solo(&self.0).await) as Arc<dyn KeyStore>) })
        }
    }

    key_store_suite!(Alone(support::server()));
}

mod replicated {
    use super::*;

    struct Replicated(NatsCluster);

    impl Harness for Replicated {
        fn open(&self) -> StoreFuture<'_, Arc<dyn KeyStore>> {
            Box::pin(async { Ok(support::keys(&support::prepared(self.0.urls(), 3).await) as Arc<dyn KeyStore>) })
        }
    }

    key_store_suite!(Replicated(NatsCluster::start(&NatsOptions::default()).expect("the cluster starts")));
}
