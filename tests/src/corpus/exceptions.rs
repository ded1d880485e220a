//! What of the corpus is not called, by name and with its reason.

/// Files that are no YAML or no capability: they get a diagnosis that a person agrees with.
const DIAGNOSED: &[(&str, &str)] = &[(
    "naftiko__fleet/warden/templates/skeletons/capabilities/${{ values.name }}.ikanos.yml",
    "a template that a scaffolder fills in; as it lies there it is no YAML",
)];

/// Operations that cannot arrive as an expectation could foresee.
const SKIPPED: &[(&str, &str, &str)] = &[];

/// Fails for a file that cannot be read and is not known for it.
pub(super) fn diagnosed(file: &str) -> Result<(), String> {
    let known = DIAGNOSED.iter().any(|(name, _)| *name == file);
    known.then_some(()).ok_or_else(|| format!("{file} is no YAML and not known for it"))
}

/// The reason why an operation is not called.
pub(super) fn skipped(file: &str, operation: &str) -> Option<&'static str> {
    let found = SKIPPED.iter().find(|(name, skipped, _)| *name == file && *skipped == operation);
    found.map(|(_, _, reason)| *reason)
}
