//! Words of Kubernetes and of Helm, by their own rules, and the distributions that are installed.

mod distribution;
mod kind;
mod label;
mod name;

pub use distribution::{DistributionName, DistributionVersion, DistributionVersionError};
pub use kind::{ConditionType, GroupVersion, Kind, KindError};
pub use label::{Effect, LabelError, LabelKey, LabelValue, Taint, TaintError};
pub(crate) use name::is_label;
pub use name::{KubernetesNameError, NamespaceName, ObjectName, ReleaseName};
