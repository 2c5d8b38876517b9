//! The date of a bundle: part of what is signed, and so never that of the clock.

use jiff::Timestamp;
use manifests::yaml::{Problem, Problems};

use super::ResolvedStack;

/// The date of a stack's bundle: `SOURCE_DATE_EPOCH` (seconds since 1970, handed in by the caller) where it is set, as
/// <https://reproducible-builds.org/specs/source-date-epoch/> asks for, else the stack's own.
///
/// # Errors
/// [`CreatedError`] when neither is there, or the variable is no number of seconds.
pub fn created(stack: &ResolvedStack, source_date_epoch: Option<&str>) -> Result<Timestamp, CreatedError> {
    match (source_date_epoch, stack.created) {
        (Some(text), _) => {
            let seconds: Option<i64> = text.parse().ok().filter(|seconds| *seconds >= 0);
            let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
            time.ok_or_else(|| CreatedError::Variable(text.to_owned()))
        }
        (None, Some(created)) => Ok(created),
        (None, None) => {
            let message = "the stack does not say when this version was made";
            let problem = Problem::new(&stack.location, message, "`created:` belongs beside the name");
            let help = "add a line such as `created: 2026-11-21`, or set SOURCE_DATE_EPOCH: the date is signed, and \
                        the same stack must give the same bundle on every day";
            Err(CreatedError::Missing(problem.with_help(help).into()))
        }
    }
}

/// The bundle has no date.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CreatedError {
    /// Neither the stack nor the environment has one.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Missing(Problems),
    /// `SOURCE_DATE_EPOCH` is something else.
    #[error("SOURCE_DATE_EPOCH is `{0}`, which is no number of seconds since 1970")]
    #[diagnostic(help("set it to the output of `git log -1 --format=%ct`, or unset it"))]
    Variable(String),
}
