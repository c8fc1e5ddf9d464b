//! What goes wrong at a provider, and how often.

use std::time::Duration;

use clap::ValueEnum;

use crate::random::Dice;

/// What happens to one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It is taken.
    None,
    /// It is refused for now: `503`, or `451` by mail.
    Busy,
    /// It is refused for good: `400`, or `554` by mail.
    Refused,
    /// Nothing is answered for a while, then the connection ends; the message is not kept. By mail in half the cases
    /// before the message, so that its sender knows that it was not taken.
    Hang,
    /// It is kept, and the connection cut before the answer.
    Cut,
}

impl Mishap {
    /// Whether the provider keeps the message.
    pub const fn takes(self) -> bool {
        matches!(self, Self::None | Self::Cut)
    }
}

/// A provider's character. The chances are in percent and are drawn once for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Chance of [`Mishap::Busy`].
    pub busy: u64,
    /// Chance of [`Mishap::Refused`].
    pub refused: u64,
    /// Chance of [`Mishap::Hang`].
    pub hang: u64,
    /// Chance of [`Mishap::Cut`].
    pub cut: u64,
    /// Least and most time before any answer, in milliseconds.
    pub pause_ms: (u64, u64),
}

/// How long a hanging provider holds a connection.
pub const HANG: Duration = Duration::from_secs(30);

/// The characters there are, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Character {
    /// Takes everything at once.
    Good,
    /// 5 % refused for now or for good, 2 % hang, 1 % taken and cut off before the answer.
    Flaky,
    /// Takes everything, after 200 ms to a second.
    Slow,
    /// Refuses everything for good.
    Refusing,
    /// Refuses everything for now.
    Busy,
    /// Hangs with every message.
    Hanging,
}

impl Character {
    /// Its chances.
    pub const fn profile(self) -> Profile {
        let good = Profile { busy: 0, refused: 0, hang: 0, cut: 0, pause_ms: (0, 0) };
        match self {
            Self::Good => good,
            Self::Flaky => Profile { busy: 4, refused: 1, hang: 2, cut: 1, ..good },
            Self::Slow => Profile { pause_ms: (200, 1000), ..good },
            Self::Refusing => Profile { refused: 100, ..good },
            Self::Busy => Profile { busy: 100, ..good },
            Self::Hanging => Profile { hang: 100, ..good },
        }
    }
}

impl Profile {
    /// What happens to the next message, and after which pause.
    pub fn draw(&self, dice: &mut Dice) -> (Mishap, Duration) {
        let pause = Duration::from_millis(dice.between(self.pause_ms.0, self.pause_ms.1));
        let mut lot = dice.below(100);
        let chances = [
            (self.busy, Mishap::Busy),
            (self.refused, Mishap::Refused),
            (self.hang, Mishap::Hang),
            (self.cut, Mishap::Cut),
        ];
        for (chance, mishap) in chances {
            if lot < chance {
                return (mishap, pause);
            }
            lot -= chance;
        }
        (Mishap::None, pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaky_provider_fails_as_often_as_it_should_and_the_same_way_with_the_same_seed() {
        let draw = |seed| {
            let mut dice = Dice::new(seed);
            (0..20_000).map(|_| Character::Flaky.profile().draw(&mut dice).0).collect::<Vec<_>>()
        };
        let drawn = draw(7);
        assert_eq!(drawn, draw(7));
        assert_ne!(drawn, draw(8));
        for (mishap, least, most) in
            [(Mishap::Busy, 700, 900), (Mishap::Refused, 150, 250), (Mishap::Hang, 330, 470), (Mishap::Cut, 150, 250)]
        {
            let count = drawn.iter().filter(|seen| **seen == mishap).count();
            assert!((least..=most).contains(&count), "{mishap:?}: {count} of 20,000");
        }
    }

    #[test]
    fn characters_that_do_one_thing_do_it_always() {
        let mut dice = Dice::new(1);
        for (character, wanted) in [
            (Character::Good, Mishap::None),
            (Character::Slow, Mishap::None),
            (Character::Refusing, Mishap::Refused),
            (Character::Busy, Mishap::Busy),
            (Character::Hanging, Mishap::Hang),
        ] {
            assert!((0..500).all(|_| character.profile().draw(&mut dice).0 == wanted), "{character:?}");
        }
    }
}
