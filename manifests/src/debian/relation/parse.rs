//! Takes a list of relations apart.

use super::{Alternatives, MAX_LENGTH, Operator, Qualifier, Relation, RelationError, excerpt, is_version};

/// Parses a list of relations: alternatives, separated by commas. Empty parts are skipped, as apt does.
///
/// # Errors
/// [`RelationError`] for the first part that is none. Restrictions to architectures and build profiles, `[amd64]` and
/// `<!nocheck>`, are those of source packages and refused here.
pub fn parse_relations(text: &str) -> Result<Vec<Alternatives<'_>>, RelationError> {
    if text.len() > MAX_LENGTH {
        return Err(RelationError::TooLong(text.len()));
    }
    let groups = text.split(',').filter(|group| !group.trim().is_empty());
    groups.map(|group| group.split('|').map(relation).collect::<Result<_, _>>().map(Alternatives)).collect()
}

fn relation(part: &str) -> Result<Relation<'_>, RelationError> {
    let part = part.trim();
    let bad = |reason| RelationError::Malformed { part: excerpt(part), reason };
    let end = part.find([' ', '\t', '\r', '\n', '(', '[', '<']).unwrap_or(part.len());
    let (head, rest) = part.split_at(end);
    let (name, qualifier) = match head.split_once(':') {
        None => (head, Qualifier::None),
        Some((name, "any")) => (name, Qualifier::Any),
        Some((name, "native")) => (name, Qualifier::Native),
        Some((_, "")) => return Err(bad("nothing stands behind the colon")),
        Some((name, architecture)) => (name, Qualifier::Architecture(architecture)),
    };
    if name.is_empty() {
        return Err(bad("it has no name"));
    }
    Ok(Relation { name, qualifier, constraint: constraint(rest.trim()).map_err(bad)? })
}

fn constraint(text: &str) -> Result<Option<(Operator, &str)>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let inner = text.strip_prefix('(').ok_or("something other than a version in parentheses stands behind the name")?;
    let inner = inner.strip_suffix(')').ok_or("the version's parentheses don't end it")?;
    let (operator, version) = Operator::take(inner.trim()).ok_or("its version has no operator")?;
    let version = version.trim();
    if is_version(version) { Ok(Some((operator, version))) } else { Err("its version is none") }
}
