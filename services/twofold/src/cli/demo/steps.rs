//! The steps.

mod email;
mod login;
mod setup;
mod trail;

use super::story::Story;
use crate::failure::Done;

/// What one step leaves for the next.
#[derive(Debug, Default)]
pub struct Kept {
    /// The authenticator's secret, as the "app" of this demo holds it.
    secret: Vec<u8>,
    /// The last step a code was used of.
    used_step: u64,
    /// The code that let the user in.
    used_code: String,
    recovery_codes: Vec<String>,
    position: u64,
}

impl Story {
    /// All of it.
    pub async fn play(&mut self) -> Done {
        let mut kept = Kept::default();
        self.register().await?;
        self.enrol_app(&mut kept).await?;
        self.confirm_app(&mut kept).await?;
        let challenge =
            self.open_challenge("The user logs in: password first, then the panel opens a challenge").await?;
        self.wrong_code(&challenge, &kept).await?;
        self.right_code(&challenge, &mut kept).await?;
        self.replayed_code(&kept).await?;
        self.recovery_login(&kept).await?;
        self.recovery_again(&kept).await?;
        self.enrol_email(&mut kept).await?;
        self.trail(&kept).await
    }
}
