//! Use cases that steer what a tenant sends: pauses, stopped prefixes, test messages. Each is an event of the tenant, so
//! every worker follows it within a second and the audit trail says who and why.

use twofold_domain::tenant::TenantCommand;
use twofold_domain::{Channel, TenantId};
use twofold_event_log::Seq;

use crate::context::RequestContext;
use crate::engine::Engine;
use crate::error::EngineError;

impl Engine {
    /// Hands nothing over to a provider, or to any of a channel, until resumed. What waits may expire meanwhile.
    ///
    /// # Errors
    /// An unusable name, more than 64 pauses, or the log out of reach.
    pub async fn pause_delivery(
        &self,
        id: &TenantId,
        channel: Channel,
        provider: Option<&str>,
        context: &RequestContext,
    ) -> Result<Seq, EngineError> {
        let command = TenantCommand::PauseDelivery { channel, provider: provider.map(str::to_owned) };
        self.tenant_command(id, &command, context).await
    }

    /// Takes a pause back; one that is not there is no error.
    ///
    /// # Errors
    /// The log out of reach.
    pub async fn resume_delivery(
        &self,
        id: &TenantId,
        channel: Channel,
        provider: Option<&str>,
        context: &RequestContext,
    ) -> Result<Seq, EngineError> {
        let command = TenantCommand::ResumeDelivery { channel, provider: provider.map(str::to_owned) };
        self.tenant_command(id, &command, context).await
    }

    /// Sends no text message to numbers that begin like this. One that is stopped already keeps its first reason.
    ///
    /// # Errors
    /// An unusable prefix or reason, more than 500 stopped prefixes, or the log out of reach.
    pub async fn stop_prefix(
        &self,
        id: &TenantId,
        prefix: &str,
        reason: &str,
        context: &RequestContext,
    ) -> Result<Seq, EngineError> {
        let command = TenantCommand::StopPrefix { prefix: prefix.to_owned(), reason: reason.to_owned() };
        self.tenant_command(id, &command, context).await
    }

    /// Sends there again; one that is not stopped is no error.
    ///
    /// # Errors
    /// The log out of reach.
    pub async fn release_prefix(
        &self,
        id: &TenantId,
        prefix: &str,
        context: &RequestContext,
    ) -> Result<Seq, EngineError> {
        self.tenant_command(id, &TenantCommand::ReleasePrefix { prefix: prefix.to_owned() }, context).await
    }
}
