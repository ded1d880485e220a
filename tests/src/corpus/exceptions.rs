//! What of the corpus is not called, by name and with its reason.

/// Files that are no YAML or no capability: they get a diagnosis that a person agrees with.
const DIAGNOSED: &[(&str, &str)] = &[
    (
        "naftiko__fleet/warden/templates/skeletons/capabilities/${{ values.name }}.ikanos.yml",
        "a template that a scaffolder fills in; as it lies there it is no YAML",
    ),
    (
        "naftiko__polychro/modules/polychro-rulesets/src/test/resources/fixtures/clean-capability.yml",
        "its tools call `api/resource/operation`, a form that no version has: CAP0202",
    ),
    ("naftiko__polychro/modules/polychro-rulesets/src/test/resources/fixtures/resilience-violations.yml", "the same"),
];

/// Operations that cannot arrive as an expectation could foresee.
const SKIPPED: &[(&str, &str, &str)] = &[];

/// The reason why a file is not called.
pub(super) fn diagnosed(file: &str) -> Option<&'static str> {
    DIAGNOSED.iter().find(|(name, _)| *name == file).map(|(_, reason)| *reason)
}

/// The reason why an operation is not called.
pub(super) fn skipped(file: &str, operation: &str) -> Option<&'static str> {
    let found = SKIPPED.iter().find(|(name, skipped, _)| *name == file && *skipped == operation);
    found.map(|(_, _, reason)| *reason)
}
