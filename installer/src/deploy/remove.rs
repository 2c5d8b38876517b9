//! Taking off what a component has put in.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::DeployError;
use super::api::{Api, ApiError};
use super::inventory::{Id, Inventory};

/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long an object may take to go: a chart is uninstalled by a job first.
const PATIENCE: Duration = Duration::from_secs(600);
/// What stays, for it holds what can't be brought back: volumes, all that is in a namespace, all objects of a definition.
const KEPT: &[&str] = &["Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"];

/// What became of objects that were to go.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Gone {
    /// How many went.
    pub(super) removed: usize,
    /// What was left, for it holds what can't be brought back.
    pub(super) kept: Vec<Id>,
}

/// An object does not go.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{component}`: {object} was deleted, and is still there after {} s", PATIENCE.as_secs())]
#[diagnostic(help(
    "`kubectl describe` it: a finalizer waits for something; once that is mended, run the same command again"
))]
pub struct Stays {
    component: String,
    object: String,
}

/// Takes a component off the cluster, the last object first. What came of it, for people.
///
/// # Errors
/// [`DeployError`]. What is left then is listed in the cluster as before.
pub async fn remove(api: &Api, inventory: &Inventory) -> Result<String, DeployError> {
    let gone = take_off(api, &inventory.component, &inventory.objects).await?;
    let failed = |source| DeployError::Api { component: inventory.component.clone(), source };
    inventory.forget(api).await.map_err(failed)?;
    Ok(gone.to_string())
}

/// Takes objects off, the last first, and waits until each is gone.
pub(super) async fn take_off(api: &Api, component: &str, objects: &[Id]) -> Result<Gone, DeployError> {
    let mut gone = Gone::default();
    for object in objects.iter().rev() {
        if KEPT.contains(&object.kind.as_str()) {
            gone.kept.push(object.clone());
            continue;
        }
        let failed = |source| DeployError::Api { component: component.to_owned(), source };
        if !leaves(api, object).await.map_err(failed)? {
            let (component, object) = (component.to_owned(), object.to_string());
            return Err(Box::new(Stays { component, object }).into());
        }
        gone.removed += 1;
    }
    Ok(gone)
}

/// Deletes an object. Whether it is gone in time; one whose kind is not served any more is.
async fn leaves(api: &Api, object: &Id) -> Result<bool, ApiError> {
    let begun = Instant::now();
    let mut asked = false;
    while begun.elapsed() < PATIENCE {
        let place = api.place(&object.api_version, &object.kind, object.namespace.as_deref()).await?;
        let Some(place) = place else { return Ok(true) };
        if api.get(&place, &object.name).await?.is_none() {
            return Ok(true);
        }
        if !asked {
            api.delete(&place, &object.name).await?;
            asked = true;
            continue;
        }
        sleep(INTERVAL).await;
    }
    Ok(false)
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} objects removed", self.removed)?;
        if !self.kept.is_empty() {
            let kept: Vec<String> = self.kept.iter().map(Id::to_string).collect();
            write!(f, "; left, for it holds data: {}", kept.join(", "))?;
        }
        Ok(())
    }
}
