//! Content that is not what was signed.

use manifests::bundle::Damage;

/// Content that is not what was signed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the bundle is damaged in {} place{}", damages.len(), if damages.len() == 1 { "" } else { "s" })]
#[diagnostic(help(
    "carry it again; of a set of volumes, only those named. Where it was built: remove it and build it again"
))]
struct Damaged {
    #[related]
    damages: Vec<OneDamage>,
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{}{}: {}", .0.volume.as_ref().map(|volume| format!("{volume}: ")).unwrap_or_default(), .0.what, .0.problem)]
struct OneDamage(Damage);

/// Fails with all damages, if there are any.
pub(super) fn refuse_damage(damages: Vec<Damage>) -> miette::Result<()> {
    if damages.is_empty() {
        return Ok(());
    }
    Err(Damaged { damages: damages.into_iter().map(OneDamage).collect() }.into())
}
