//! Erasure: the event first, then the key. A crash in between is mended by asking again.

use serde::Serialize;
use twofold_domain::user::Refusal;

use super::ask::{Ask, Caller, UserRef};
use crate::answer::Answer;
use crate::engine::Engine;
use crate::error::EngineError;

#[derive(Serialize)]
struct Erased;

impl Answer for Erased {
    fn status(&self) -> u16 {
        204
    }

    fn set_position(&mut self, _position: u64) {}
}

impl Engine {
    /// Records the erasure and destroys the user's key. Answers alike however often it is asked.
    pub async fn erase(&self, caller: &Caller, whom: &UserRef) -> Result<(), EngineError> {
        match self.run(caller, whom, &Ask::Erase, None, |_| Erased).await {
            Ok(_) | Err(EngineError::Refused(Refusal::UserErased)) => {
                self.parts.vault.destroy(&caller.tenant.id, &whom.token).await?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
