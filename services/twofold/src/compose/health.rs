//! How the background is: for `/readyz` and for metrics.

use std::sync::Arc;

use tokio::sync::watch;
use twofold_api::Readiness;
use twofold_delivery::worker::{DeliveryStatus, StatusSnapshot};
use twofold_engine::Engine;
use twofold_projector::ProjectorStatus;

/// Live views of the background.
#[derive(Debug, Clone)]
pub struct Health {
    /// Of the projector.
    pub projected: watch::Receiver<ProjectorStatus>,
    /// Of the worker; none when delivery is switched off.
    pub sending: Option<DeliveryStatus>,
    /// For its clock.
    pub engine: Arc<Engine>,
}

impl Health {
    /// The worker's numbers now.
    pub fn sending_now(&self) -> Option<StatusSnapshot> {
        self.sending.as_ref().map(|status| status.snapshot(self.engine.clock().now()))
    }
}

impl Readiness for Health {
    fn troubles(&self) -> Vec<(&'static str, String)> {
        let mut troubles = Vec::new();
        let projected = self.projected.borrow();
        if let Some(halt) = &projected.halted {
            troubles.push(("projector", format!("stopped: {halt}")));
        } else if projected.failing {
            troubles.push((
                "projector",
                format!("{} failures in a row, {} commits behind", projected.failures, projected.lag()),
            ));
        }
        if self.sending_now().is_some_and(|now| now.recovered && !now.log_reachable) {
            troubles.push(("delivery", "cannot reach the log".to_owned()));
        }
        troubles
    }
}
