//! How the client behaves, and how its bounds read in a message.

use std::time::Duration;

use crate::limits;

/// How the client behaves; the defaults are those of [`limits`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSettings {
    /// Time to a connection, name lookup and TLS included.
    pub connect_timeout: Duration,
    /// Redirects that one call follows.
    pub redirects_max: u32,
    /// The `User-Agent` of requests that name none; empty sends none.
    pub user_agent: String,
}

impl Default for ClientSettings {
    fn default() -> Self {
        ClientSettings {
            connect_timeout: limits::CONNECT_TIMEOUT,
            redirects_max: limits::REDIRECTS_MAX,
            user_agent: concat!("capstan/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// A duration as people write it: `10 s`, `250 ms`, `1.5 s`.
pub(crate) fn duration_text(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        // To the millisecond: what is left of a wait has nine digits behind the point.
        format!("{} s", duration.as_millis() as f64 / 1000.0)
    }
}

/// A size as people write it: whole MiB or KiB where it is one, bytes otherwise.
pub(crate) fn size_text(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = KIB * KIB;
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        1 => "1 byte".to_owned(),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_read_like_people_write_them() {
        assert_eq!(duration_text(Duration::from_secs(10)), "10 s");
        assert_eq!(duration_text(Duration::from_millis(1500)), "1.5 s");
        assert_eq!(duration_text(Duration::from_millis(250)), "250 ms");
        assert_eq!(size_text(64 * 1024 * 1024), "64 MiB");
        assert_eq!(size_text(2048), "2 KiB");
        assert_eq!(size_text(1000), "1000 bytes");
        assert_eq!(size_text(1), "1 byte");
    }
}
