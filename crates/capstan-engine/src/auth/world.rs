//! The clock and the randomness that proofs are made with.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};

/// The clock and the randomness; a test gives its own.
#[derive(Clone)]
pub(crate) struct World {
    now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    random: Arc<dyn Fn() -> [u8; 16] + Send + Sync>,
}

impl World {
    /// Those of the machine.
    pub(crate) fn real() -> Self {
        World { now: Arc::new(SystemTime::now), random: Arc::new(random) }
    }

    /// The time since 1970, in UTC. A clock that is set before that is at its beginning.
    pub(crate) fn now(&self) -> Duration {
        (self.now)().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// A word that no one can guess, in hexadecimal.
    pub(crate) fn nonce(&self) -> String {
        hex(&(self.random)())
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    // Without randomness the system is broken, and a guessable nonce would be worse than a crash.
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes all
        text
    })
}

#[cfg(test)]
impl World {
    /// A clock that stands still, and one nonce.
    pub(crate) fn still(seconds: u64, random: [u8; 16]) -> Self {
        let now = UNIX_EPOCH + Duration::from_secs(seconds);
        World { now: Arc::new(move || now), random: Arc::new(move || random) }
    }

    /// A clock of the test's own.
    pub(crate) fn clocked(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        World { now: Arc::new(now), random: Arc::new(random) }
    }
}
