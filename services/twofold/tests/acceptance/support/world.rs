//! One tenant of a preset on a server of its own.

use super::panel::Panel;
use super::post::Post;
use super::server::{Home, Keys, Server};

const SETTINGS: &str = "[delivery]\nallow_private_networks = true\n";

/// A running installation. Fields end in order: first the server.
#[derive(Debug)]
pub struct World {
    pub server: Server,
    pub home: Home,
    pub keys: Keys,
}

impl World {
    /// A tenant with a preset, without mail and SMS.
    #[track_caller]
    pub fn of(preset: &str) -> Self {
        Self::on(Home::new(SETTINGS), preset, None)
    }

    /// The same with mail and SMS.
    #[track_caller]
    pub fn with_post(preset: &str) -> (Self, Post) {
        let post = Post::start("mail-password", "sms-token");
        (Self::on(Home::new(SETTINGS), preset, Some(&post)), post)
    }

    /// In a home prepared by the test.
    #[track_caller]
    pub fn on(home: Home, preset: &str, post: Option<&Post>) -> Self {
        let keys = home.tenant("panel", preset);
        if let Some(post) = post {
            post.connect(&home, "panel");
        }
        Self { server: home.serve(), home, keys }
    }

    pub fn panel(&self) -> Panel {
        Panel::new(self.server.address, &self.keys.live)
    }

    /// With the key for test users.
    pub fn test_panel(&self) -> Panel {
        Panel::new(self.server.address, &self.keys.test)
    }
}
