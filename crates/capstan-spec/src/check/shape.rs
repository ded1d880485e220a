//! The shapes of values: dates, ports, sizes, names. A value of another shape is used as it is;
//! the published schemas would refuse the file.

use crate::capability::Capability;
use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::document::{Consumes, Exposes};
use crate::placeholder::placeholders;
use crate::reader::Text;
use crate::source::Spanned;

/// Reports every value of another shape than the published schemas have.
pub(super) fn check(capability: &Capability, sink: &mut Sink) {
    if let Some(info) = &capability.info {
        [&info.created, &info.modified].into_iter().flatten().for_each(|d| date(d, sink));
    }
    for binding in &capability.binds {
        binding.namespace.iter().for_each(|n| namespace(n, sink));
        binding.keys.entries.iter().for_each(|(name, _)| variable(name, sink));
    }
    capability.consumes.iter().for_each(|c| consumed(c, sink));
    capability.exposes.iter().for_each(|e| exposed(e, sink));
    capability.aggregates.iter().filter_map(|a| a.namespace.as_ref()).for_each(|n| namespace(n, sink));
}

fn consumed(consumes: &Consumes, sink: &mut Sink) {
    consumes.namespace.iter().for_each(|n| namespace(n, sink));
    for resource in &consumes.resources {
        let sizes = resource.value.operations.iter().filter_map(|o| o.value.max_binary_size.as_ref());
        sizes.for_each(|s| size(s, sink));
    }
}

fn exposed(exposes: &Exposes, sink: &mut Sink) {
    let (name, at, largest) = match exposes {
        Exposes::Rest(rest) => (&rest.namespace, &rest.port, &rest.max_binary_size),
        Exposes::Mcp(mcp) => (&mcp.namespace, &mcp.port, &mcp.max_binary_size),
        Exposes::Skill(skill) => (&skill.namespace, &skill.port, &None),
        Exposes::Control(control) => (&None, &control.port, &None),
    };
    name.iter().for_each(|n| namespace(n, sink));
    at.iter().for_each(|p| port(p, sink));
    largest.iter().for_each(|s| size(s, sink));
}

fn date(text: &Text, sink: &mut Sink) {
    if !is_date(&text.value) {
        malformed(text, format!("`{}` is not a date", text.value), "write the date as `YYYY-MM-DD`", sink);
    }
}

/// RFC 3339, `full-date`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |part: &str, digits: usize| {
        let is_number = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| part.parse::<u32>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap),
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn port(port: &Spanned<u64>, sink: &mut Sink) {
    if !(1..=65_535).contains(&port.value) {
        malformed(port, format!("`{}` is not a port", port.value), "a port is a number from 1 to 65535", sink);
    }
}

fn size(text: &Text, sink: &mut Sink) {
    if !is_size(&text.value) {
        let message = format!("`{}` is not a size", text.value);
        malformed(text, message, "write a number with its unit behind it: `512KiB`, `10MiB`", sink);
    }
}

fn is_size(text: &str) -> bool {
    let units = ["KiB", "MiB", "GiB", "B"];
    let Some(number) = units.iter().find_map(|unit| text.strip_suffix(unit)) else { return false };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    is_digits(whole) && is_digits(fraction)
}

fn variable(name: &Text, sink: &mut Sink) {
    let is_variable = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !is_variable {
        let message = format!("`{}` is not the name of a variable", name.value);
        malformed(name, message, "a variable is written in capitals, digits and `_`: `ACCESS_TOKEN`", sink);
    }
}

fn namespace(name: &Text, sink: &mut Sink) {
    if placeholders(&name.value).next().is_some() {
        let message = format!("the namespace `{}` holds a placeholder, which is not filled in", name.value);
        malformed(name, message, "write the namespace out", sink);
    } else if name.contains(char::is_whitespace) || name.is_empty() {
        let message = format!("`{}` is not a namespace", name.value);
        malformed(name, message, "a namespace is letters, digits, `-` and `_`: `kinde-users`", sink);
    }
}

fn malformed<T>(at: &Spanned<T>, message: String, help: &str, sink: &mut Sink) {
    sink.push(Diagnostic::new(Code::MalformedValue, at.span, message).help(help));
}

#[cfg(test)]
mod tests {
    use super::{is_date, is_size};

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        for date in ["2026-05-22", "2024-02-29", "2000-02-29"] {
            assert!(is_date(date), "{date}");
        }
        for other in ["", "2026-5-22", "22/05/2026", "2026-02-30", "1900-02-29", "2026-13-01", "2026-05-22T00:00"] {
            assert!(!is_date(other), "{other}");
        }
    }

    #[test]
    fn a_size_has_a_unit() {
        for size in ["0B", "512KiB", "1.5MiB", "2GiB"] {
            assert!(is_size(size), "{size}");
        }
        for other in ["", "10", "MiB", "10MB", "1.MiB", ".5MiB", "-1B", "1 MiB"] {
            assert!(!is_size(other), "{other}");
        }
    }
}
