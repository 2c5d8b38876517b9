//! Sizes and durations as people write and read them.

use std::fmt;
use std::str::FromStr;

const BINARY: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/// A number of bytes. Shown as `1.5 GiB`; read from `4GiB`, `650MB`, `1.5 GiB`, `4G` or plain bytes. `k`, `M`, `G`,
/// `T` and `P` alone mean powers of 1024, as in `split` and `dd`; with a `B` behind powers of 1000, with `iB` of 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return f.pad(&format!("{} B", self.0));
        }
        // In tenths, so that 1023.96 KiB becomes 1.0 MiB and not 1024.0 KiB.
        let mut tenths = u128::from(self.0) * 10;
        let mut unit = 0;
        loop {
            tenths = (tenths + 512) / 1024;
            if tenths < 10_240 || unit + 1 == BINARY.len() {
                break;
            }
            unit += 1;
            tenths = u128::from(self.0) * 10 / 1024_u128.pow(unit as u32);
        }
        f.pad(&format!("{}.{} {}", tenths / 10, tenths % 10, BINARY[unit]))
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || UnitError::Size(text.chars().take(40).collect());
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(split);
        let factor = factor(unit.trim_start()).ok_or_else(bad)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || part.len() > 9 || (factor == 1 && !part.is_empty()) || number.ends_with('.') {
            return Err(bad());
        }
        let whole: u64 = whole.parse().map_err(|_| bad())?;
        let part: u128 = if part.is_empty() {
            0
        } else {
            let digits: u128 = part.parse().map_err(|_| bad())?;
            digits * u128::from(factor) / 10_u128.pow(part.len() as u32)
        };
        let bytes = u128::from(whole) * u128::from(factor) + part;
        u64::try_from(bytes).map(Self).map_err(|_| bad())
    }
}

fn factor(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    if matches!(unit.as_str(), "" | "b") {
        return Some(1);
    }
    let mut letters = unit.chars();
    let power = match letters.next()? {
        'k' => 1,
        'm' => 2,
        'g' => 3,
        't' => 4,
        'p' => 5,
        _ => return None,
    };
    match letters.as_str() {
        "" | "ib" => Some(1024_u64.pow(power)),
        "b" => Some(1000_u64.pow(power)),
        _ => None,
    }
}

/// A length of time. Shown as `1 h 5 min`; read from `90s`, `5m`, `1h30m`, `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub std::time::Duration);

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        let text = match (days, hours, minutes) {
            (0, 0, 0) if seconds < 10 => format!("{}.{} s", seconds, self.0.subsec_millis() / 100),
            (0, 0, 0) => format!("{seconds} s"),
            (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
            (0, _, _) => format!("{hours} h {minutes} min"),
            _ => format!("{days} d {hours} h"),
        };
        f.pad(&text)
    }
}

impl FromStr for Duration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || UnitError::Duration(text.chars().take(40).collect());
        let (mut seconds, mut rest) = (0_u64, text.trim());
        if rest.is_empty() {
            return Err(bad());
        }
        while !rest.is_empty() {
            let split = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
            let (number, unit) = rest.split_at(split);
            let end = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
            let factor = match &unit[..end] {
                "s" => 1,
                "m" | "min" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => return Err(bad()),
            };
            let number: u64 = number.parse().map_err(|_| bad())?;
            seconds = number.checked_mul(factor).and_then(|more| seconds.checked_add(more)).ok_or_else(bad)?;
            rest = &unit[end..];
        }
        if seconds == 0 {
            return Err(bad());
        }
        Ok(Self(std::time::Duration::from_secs(seconds)))
    }
}

/// A text that is no size or no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a size.
    #[error("`{0}` is not a size: expected a number of bytes or a number with a unit, such as `650MB` or `4GiB`")]
    Size(String),
    /// Not a duration.
    #[error("`{0}` is not a duration: expected numbers with units, such as `90s`, `5m` or `1h30m`")]
    Duration(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_the_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536 << 20, "1.5 GiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (u64::MAX, "16384.0 PiB"),
        ] {
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
    }

    #[test]
    fn sizes_are_read_in_the_units_of_the_field() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("512B", 512),
            ("4GiB", 4 << 30),
            ("4G", 4 << 30),
            ("650MB", 650_000_000),
            ("1.5 GiB", 1536 << 20),
            ("2k", 2048),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "GiB", "4 gigs", "-1", "1.5", "1.", ".5G", "99999999999P", "1e3"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_read_and_shown() {
        for (text, shown) in [("9s", "9.0 s"), ("90s", "1 min 30 s"), ("1h30m", "1 h 30 min"), ("2d", "2 d 0 h")] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), shown);
        }
        for text in ["", "5", "m", "5 years", "1h30", "99999999999999999999s"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
