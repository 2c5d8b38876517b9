//! The shapes of `stack.yaml`, `component.yaml`, `site.yaml` and of locks, for editors and for tools that write such files.
//!
//! The shapes say what may stand where; [`Stack::parse`](crate::Stack::parse),
//! [`Component::parse`](crate::Component::parse) and [`Site::parse`](crate::Site::parse) read the files, check more than a shape can say, and know the places.
//! A test holds both together.

mod component;
mod deployment;
mod git;
mod image_list;
mod judgement;
mod packages;
pub mod site;
mod stack;
mod trust;
mod values;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

pub use component::{
    ChartFromRepository, ChartOnDisk, ChartShape, ComponentFile, ComponentKind, DockerArchive, FileFromUrl, FileOnDisk,
    FileShape, ImageShape, ImageWithOptions, LackShape, Link, ManifestPath, OciArchive, OciLayout, OtherImage,
    SourceShape, SpdxExpression,
};
pub use deployment::{
    DistributionShape, LabelledNamespace, NameWithGroup, NamespaceShape, ReadyApiService, ReadyCondition, ReadyCrd,
    ReadyShape, ReadyWorkload, ReleaseShape, SiteCaPlace, SiteCaShape, SiteCredentialsPlace, SiteCredentialsShape,
    SiteValueShape, TimeWord, ValuePath, ValuesMapping, VariantShape,
};
pub use git::{GitCarried, GitFromUrl, GitOnDisk, GitShape, GitUrl};
pub use image_list::{ImageListFromUrl, ImageListOnDisk, ImageListShape, ListChoice};
pub use judgement::{ComponentDecision, Day, LineOfText, OffersShape, StackDecision, WaiverShape};
pub use packages::{
    ComponentRepository, Kernel, MirrorShape, PackageShape, PackageTemplate, PackageWithOptions, SuiteName,
    SystemRepository, SystemShape,
};
pub use stack::{
    ChangedComponent, ChartChange, ChoiceShape, ComponentShape, ImageChanges, RegistryShape, Replacement, StackFile,
    StackKind,
};
pub use trust::{PublicKeyFile, TrustShape, TrustedName};
pub use values::{ApiVersion, ChartRange, Date, ImageName, LocalPath, Sha256, WebUrl};

/// The JSON Schema (draft 2020-12) of `stack.yaml`.
pub fn stack() -> Value {
    schema::<StackFile>()
}

/// The JSON Schema (draft 2020-12) of `component.yaml`.
pub fn component() -> Value {
    schema::<ComponentFile>()
}

/// The JSON Schema (draft 2020-12) of `stack.lock.yaml`.
pub fn lock() -> Value {
    schema::<crate::Lock>()
}

/// The JSON Schema (draft 2020-12) of `site.yaml`.
pub fn site() -> Value {
    schema::<site::SiteFile>()
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// A field that may be left out is no field that may be `null`: the reader refuses names without values.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut choices)) = object.remove("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
        match choices.as_mut_slice() {
            [Value::Object(only)] => only.iter().for_each(|(name, value)| {
                object.entry(name).or_insert_with(|| value.clone());
            }),
            _ => {
                object.insert("anyOf".to_owned(), Value::Array(choices));
            }
        }
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
}
