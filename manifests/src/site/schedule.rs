//! Times of day that come back: the five fields of cron, as RKE2 and k3s read them (robfig/cron, `ParseStandard`).

use std::fmt;
use std::str::FromStr;

use crate::word::excerpt;

/// The longest text that is read, in bytes.
const LONGEST: usize = 100;
/// The short forms.
const SHORT: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The five fields: what each is called, its least and greatest value, and its names, of which the first has the least value.
const FIELDS: [(&str, u8, u8, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, &MONTHS),
    // Sunday is 0, and nothing else.
    ("day of the week", 0, 6, &DAYS),
];

/// Times that come back, in the time zone of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(String);

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It has another number of fields.
    #[error("`{0}` is not a schedule: expected five fields with spaces between them")]
    Shape(String),
    /// A field can't be read.
    #[error("`{text}` can't be the {field} of a schedule: expected values from {least} to {greatest}")]
    Field {
        /// What it says.
        text: String,
        /// Which field it is.
        field: &'static str,
        /// The least value.
        least: u8,
        /// The greatest value.
        greatest: u8,
    },
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if SHORT.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let words: Vec<&str> = text.split(' ').collect();
        if words.len() != FIELDS.len() || text.len() > LONGEST {
            return Err(ScheduleError::Shape(excerpt(text)));
        }
        for (word, (field, least, greatest, names)) in words.iter().zip(FIELDS) {
            let good = |item| is_item(item, least, greatest, names).is_some();
            if !word.split(',').all(good) {
                return Err(ScheduleError::Field { text: excerpt(word), field, least, greatest });
            }
        }
        Ok(Self(text.to_owned()))
    }
}

/// `*`, `7`, `1-5`, `mon-fri`, and each with `/` and a step behind it.
fn is_item(item: &str, least: u8, greatest: u8, names: &[&str]) -> Option<()> {
    let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
    if let Some(step) = step
        && !(1..=greatest).contains(&number(step)?)
    {
        return None;
    }
    if matches!(range, "*" | "?") {
        return Some(());
    }
    let value = |word: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(word));
        let value = named.map_or_else(|| number(word), |place| u8::try_from(place).ok().map(|place| place + least))?;
        (least..=greatest).contains(&value).then_some(value)
    };
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    (value(first)? <= value(last)?).then_some(())
}

/// Digits alone: no sign.
fn number(text: &str) -> Option<u8> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn schedules_are_those_that_the_distributions_take() {
        for text in ["0 */12 * * *", "5,35 1-5 ? JAN-mar 0", "0 0 1/7 * sun,wed", "@daily", "59 23 31 12 6"] {
            assert_eq!(text.parse::<Schedule>().map(|read| read.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "0 0 * *",
            "0 0 * * * *",
            "60 0 * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 7",
            "0  0 * * *",
            "*/0 0 * * *",
            "5-1 0 * * *",
            "-1 0 * * *",
            "+1 0 * * *",
            "a 0 * * *",
            "0 0 * * 1-",
            "0, 0 * * *",
            "mon 0 * * *",
            "@every 1h",
            "@reboot",
            "0 0 * * */300",
            "0\t0 * * *",
        ] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
