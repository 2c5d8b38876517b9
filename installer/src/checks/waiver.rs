//! Checks that somebody takes the responsibility for.

use std::collections::BTreeMap;
use std::str::FromStr;

use manifests::Site;
use manifests::yaml::suggest::nearest;
use manifests::yaml::{Problem, Problems};
use miette::Diagnostic;

use super::all;

/// A check that is to be ignored, and why: `ID=REASON`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    id: &'static str,
    reason: String,
}

/// The checks that are ignored, with the reason for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waivers(BTreeMap<&'static str, String>);

/// Why a check is not ignored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum WaiverError {
    /// Nobody says why.
    #[error("`{0}` does not say why the check may be ignored")]
    #[diagnostic(help(
        "write the reason, which is kept in the report: `--ignore {0}=\"a reason\"`, or behind it in site.yaml"
    ))]
    NoReason(String),
    /// There is no such check.
    #[error("there is no check `{id}`{}", meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default())]
    #[diagnostic(help("docs/preflight.md lists all checks"))]
    Unknown {
        /// What was written.
        id: String,
        /// The check that is called nearly so.
        meant: Option<&'static str>,
    },
    /// The check is strict.
    #[error("the check `{0}` can't be ignored: what fails it breaks the cluster or its data")]
    #[diagnostic(help("{1}"))]
    Strict(&'static str, &'static str),
}

impl FromStr for Waiver {
    type Err = WaiverError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, reason) = text.split_once('=').unwrap_or((text, ""));
        let Some(check) = all().find(|check| check.id == id) else {
            let ids: Vec<_> = all().map(|check| check.id).collect();
            return Err(WaiverError::Unknown { id: id.to_owned(), meant: nearest(id, &ids).and_then(known) });
        };
        if check.strict {
            return Err(WaiverError::Strict(check.id, check.remedy));
        }
        match reason.trim() {
            "" => Err(WaiverError::NoReason(id.to_owned())),
            reason => Ok(Self { id: check.id, reason: reason.to_owned() }),
        }
    }
}

fn known(id: &str) -> Option<&'static str> {
    all().map(|check| check.id).find(|known| *known == id)
}

impl Waivers {
    /// Reads `ID=REASON`, each of them.
    ///
    /// # Errors
    /// The first [`WaiverError`].
    pub fn parse(texts: &[String]) -> Result<Self, WaiverError> {
        texts.iter().map(|text| text.parse::<Waiver>()).collect()
    }

    /// What a site says.
    ///
    /// # Errors
    /// [`Problems`]: every waiver that can't be, at its place.
    pub fn of_site(site: &Site) -> Result<Self, Problems> {
        let (mut waivers, mut problems) = (Self::default(), Vec::new());
        for (id, reason) in &site.waivers {
            match format!("{id}={}", reason.value).parse::<Waiver>() {
                Ok(waiver) => waivers.0.extend([(waiver.id, waiver.reason)]),
                Err(error) => {
                    let help = error.help().map(|help| help.to_string()).unwrap_or_default();
                    problems.push(Problem::new(&reason.location, error.to_string(), "this check").with_help(help));
                }
            }
        }
        Problems::check(problems).map(|()| waivers)
    }

    /// These, and what others say besides, whose reasons go before.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The reason for which a check is ignored, if it is.
    pub fn reason(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

impl FromIterator<Waiver> for Waivers {
    fn from_iter<I: IntoIterator<Item = Waiver>>(waivers: I) -> Self {
        Self(waivers.into_iter().map(|waiver| (waiver.id, waiver.reason)).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_check_is_ignored_with_a_reason_unless_it_is_strict() {
        let waivers: Waivers =
            ["memory=a=small one", "firewall= ours "].map(|text| text.parse().unwrap()).into_iter().collect();
        assert_eq!((waivers.reason("memory"), waivers.reason("firewall")), (Some("a=small one"), Some("ours")));
        assert_eq!(waivers.reason("swap-off"), None);
        let refused = |text: &str| text.parse::<Waiver>().unwrap_err();
        assert_eq!(refused("memory"), WaiverError::NoReason("memory".into()));
        assert_eq!(refused("memory= "), WaiverError::NoReason("memory".into()));
        assert!(matches!(refused("hostname-unique=x"), WaiverError::Strict("hostname-unique", _)));
        assert_eq!(refused("swapoff=x").to_string(), "there is no check `swapoff`; did you mean `swap-off`?");
        assert_eq!(refused("=x").to_string(), "there is no check ``");
    }

    #[test]
    fn a_site_waives_at_its_lines_and_whoever_installs_has_the_last_word() {
        let site = |waivers: &str| crate::checks::tests::site(&format!("waivers: {{{waivers}}}\n"));
        let waivers = Waivers::of_site(&site("memory: a lab, firewall: ours")).unwrap();
        let waivers = waivers.and(Waivers::parse(&["memory=for today".to_owned()]).unwrap());
        assert_eq!((waivers.reason("memory"), waivers.reason("firewall")), (Some("for today"), Some("ours")));
        let problems = Waivers::of_site(&site("hostname-unique: no, swapoff: lab")).unwrap_err();
        let told: Vec<String> = problems.list().iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("can't be ignored") && told[1].contains("did you mean `swap-off`"), "{told:?}");
    }
}
