//! Loading: text becomes a document, imports are followed, the whole is checked.
//!
//! A [`Capability`] exists only checked; nothing behind it asks again whether a name is unique
//! or a reference leads somewhere.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::amending::{Amending, Scope};
use crate::check;
use crate::diagnostic::{Code, Diagnostic, Severity, Sink};
use crate::document::{
    Aggregate, Amendment, Authentication, Binding, BindingKeys, Consumes, Document, Exposes, Import, Info, OrImport,
    Tls, Version,
};
use crate::limits;
use crate::placeholder::{Form, placeholders};
use crate::reader::{FromYaml, Reader, Text};
use crate::source::{FileId, SourceMap, Span, Spanned};
use crate::yaml::{self, Kind, Node};

/// The door through which imported files come in.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// A sentence that says why it cannot be read; no path in it, the caller adds that.
    fn read(&self, path: &Path) -> Result<String, String>;
}

/// A checked capability: references lead somewhere, imports are followed.
#[derive(Clone, Debug)]
pub struct Capability {
    /// The version of the specification that the file says it follows.
    pub version: Option<Version>,
    /// What the capability is.
    pub info: Option<Info>,
    /// Variables from outside, those of imported files included.
    pub binds: Vec<Binding>,
    /// Consumed APIs.
    pub consumes: Vec<Consumes>,
    /// Exposed interfaces.
    pub exposes: Vec<Exposes>,
    /// Aggregates.
    pub aggregates: Vec<Aggregate>,
    /// Every name that stands in a placeholder anywhere in the files, without its namespace.
    pub named: HashSet<String>,
    /// Namespaces of entries whose import failed: references into them are no further problem.
    pub missing_namespaces: HashSet<String>,
    /// Whether the file has no `capability` and is there for others to import.
    pub is_standalone: bool,
    /// What a caller changes of consumed APIs, the most important first.
    pub amendments: Vec<Amended>,
    /// Where the root stands.
    pub span: Span,
}

/// A change to consumed APIs, read.
#[derive(Clone, Debug)]
pub struct Amended {
    /// The namespace of the consumed API; absent, all of them.
    namespace: Option<Arc<str>>,
    amendment: Amendment,
}

impl Capability {
    /// What a caller changes of a consumed API, the most important first.
    pub fn amendments(&self, consumes: &Consumes) -> impl Iterator<Item = &Amendment> {
        let namespace = consumes.namespace.as_ref().map(|n| n.value.clone());
        let applies = move |amended: &&Amended| amended.namespace.is_none() || amended.namespace == namespace;
        self.amendments.iter().filter(applies).map(|amended| &amended.amendment)
    }

    /// The authentication of a consumed API: the caller's, or its own.
    pub fn authentication<'c>(&'c self, consumes: &'c Consumes) -> Option<&'c Authentication> {
        self.amendments(consumes).find_map(|a| a.authentication.as_ref()).or(consumes.authentication.as_ref())
    }

    /// How connections to a consumed API are made safe: by the caller's words, or its own.
    pub fn tls<'c>(&'c self, consumes: &'c Consumes) -> Option<&'c Tls> {
        self.amendments(consumes).find_map(|a| a.tls.as_ref()).or(consumes.tls.as_ref())
    }
}

/// What a load gives: the texts, what is wrong with them, and the capability where there is one.
#[derive(Debug)]
pub struct Loaded {
    /// The texts of all files that were read.
    pub sources: SourceMap,
    /// What is wrong, in file order.
    pub diagnostics: Sink,
    /// The capability; with errors among the diagnostics it is what was understood.
    pub capability: Option<Capability>,
}

/// Loads a capability from its text. `name` is the path as the caller gave it: messages show it,
/// imports are relative to its folder.
pub fn load(name: &str, text: &str, files: &dyn Files) -> Loaded {
    load_amended(name, text, files, &[])
}

/// Loads a capability as [`load`] does, with changes to its consumed APIs, the most important
/// first. A variable that only a change names comes from the environment.
pub fn load_amended(name: &str, text: &str, files: &dyn Files, amendings: &[Amending]) -> Loaded {
    let mut loader = Loader {
        sources: SourceMap::new(),
        sink: Sink::new(),
        files,
        named: HashSet::new(),
        missing: HashSet::new(),
        imported: HashMap::new(),
        followed: 0,
        followed_bytes: 0,
        brought: HashSet::new(),
    };
    let capability = loader.capability(name, text, amendings);
    Loaded { sources: loader.sources, diagnostics: loader.sink, capability }
}

struct Loader<'f> {
    sources: SourceMap,
    sink: Sink,
    files: &'f dyn Files,
    named: HashSet<String>,
    missing: HashSet<String>,
    /// What the imported files hold or why they cannot be read, so that none is read twice.
    imported: HashMap<PathBuf, Result<Imported, String>>,
    /// How many imports were followed, and the bytes of the files they lead to: an entry is
    /// copied each time it is imported.
    followed: usize,
    followed_bytes: usize,
    /// The imported files whose binds have come along.
    brought: HashSet<PathBuf>,
}

/// A file that was imported: what it holds, where it is a capability, and how long its text is.
#[derive(Clone)]
struct Imported {
    document: Option<Rc<Document>>,
    bytes: usize,
}

/// A file that is being read: its path and the files that lead to it.
struct Origin<'o> {
    path: PathBuf,
    importer: Option<&'o Origin<'o>>,
    depth: usize,
}

impl Origin<'_> {
    fn includes(&self, path: &Path) -> bool {
        self.path == path || self.importer.is_some_and(|i| i.includes(path))
    }
}

impl Loader<'_> {
    fn capability(&mut self, name: &str, text: &str, amendings: &[Amending]) -> Option<Capability> {
        let document = self.document(name, text)?;
        let origin = Origin { path: clean(Path::new(name)), importer: None, depth: 0 };
        let mut capability = Capability {
            version: document.version,
            info: document.info,
            binds: Vec::new(),
            consumes: Vec::new(),
            exposes: Vec::new(),
            aggregates: Vec::new(),
            named: HashSet::new(),
            missing_namespaces: HashSet::new(),
            is_standalone: document.is_standalone,
            amendments: Vec::new(),
            span: document.span,
        };
        let mut extra_binds = Vec::new();
        capability.binds = self.section(document.binds, &origin, &mut extra_binds);
        capability.consumes = self.section(document.consumes, &origin, &mut extra_binds);
        capability.exposes = self.section(document.exposes, &origin, &mut extra_binds);
        capability.aggregates = self.section(document.aggregates, &origin, &mut extra_binds);
        capability.binds.extend(extra_binds);
        for amending in amendings {
            self.amend(&mut capability, amending);
        }
        capability.named = std::mem::take(&mut self.named);
        capability.missing_namespaces = std::mem::take(&mut self.missing);
        check::check(&capability, &mut self.sink);
        Some(capability)
    }

    fn amend(&mut self, capability: &mut Capability, amending: &Amending) {
        let text = amending.text.clone();
        let file = self.sources.add(amending.source.as_str(), text.clone());
        let node = match &amending.settings {
            Some(settings) => Some(settings.to_node(file)),
            None => yaml::read(file, &text, &mut self.sink),
        };
        let Some(node) = node else { return };
        let mut sink = Sink::new();
        let amendment = Amendment::read(&node, &mut Reader::new(&mut sink));
        for mut diagnostic in sink.into_sorted() {
            // Settings have spellings of their own, as good as the document's; what they say in
            // vain is an error, as everywhere in settings.
            diagnostic.severity = Severity::Error;
            if diagnostic.code != Code::NonStandardForm {
                self.sink.push(diagnostic);
            }
        }
        collect_names(&node, &mut self.named);
        capability.binds.extend(implied_binding(&node, &capability.binds));
        let Some(amendment) = amendment else { return };
        check::amendment(capability, &amending.scope, file, &amendment, &mut self.sink);
        let namespace = match &amending.scope {
            Scope::Namespace(namespace, _) => Some(namespace.as_str().into()),
            Scope::File | Scope::Any => None,
        };
        capability.amendments.push(Amended { namespace, amendment });
    }

    fn document(&mut self, name: &str, text: &str) -> Option<Document> {
        let text: Arc<str> = text.trim_start_matches('\u{feff}').into();
        let file = self.sources.add(name, text.clone());
        if text.len() > limits::FILE_BYTES_MAX {
            self.too_large(file, text.len());
            return None;
        }
        let node = yaml::read(file, &text, &mut self.sink);
        let Some(node) = node else {
            if !self.sink.has_errors() {
                // Nothing but comments and white space.
                let empty = yaml::absent(Span::new(file, 0, 0));
                Document::read(&empty, &mut Reader::new(&mut self.sink));
            }
            return None;
        };
        collect_names(&node, &mut self.named);
        Document::read(&node, &mut Reader::new(&mut self.sink))
    }

    fn too_large(&mut self, file: FileId, bytes: usize) {
        let limit = limits::FILE_BYTES_MAX / (1024 * 1024);
        self.sink.push(
            Diagnostic::new(
                Code::FileTooLarge,
                Span::new(file, 0, 0),
                format!("the file has {bytes} bytes; a capability has {limit} MiB at most"),
            )
            .help("name a capability file, or split this one with imports"),
        );
    }

    /// The entries of a section, imported ones in their place. The variables that an imported
    /// file binds for itself come along.
    fn section<T: Entry>(
        &mut self,
        entries: Vec<OrImport<T>>,
        origin: &Origin<'_>,
        binds: &mut Vec<Binding>,
    ) -> Vec<T> {
        entries
            .into_iter()
            .filter_map(|entry| match entry {
                OrImport::Inline(entry) => Some(entry),
                OrImport::Import(import) => {
                    let found = self.import(&import, origin, binds);
                    if found.is_none() {
                        let name = import.alias.as_ref().or(import.import.as_ref());
                        self.missing.extend(name.map(|n| n.value.to_string()));
                    }
                    found
                }
            })
            .collect()
    }

    fn import<T: Entry>(&mut self, import: &Import, origin: &Origin<'_>, binds: &mut Vec<Binding>) -> Option<T> {
        let (Some(from), Some(wanted)) = (&import.from, &import.import) else {
            let missing = if import.from.is_none() { "from" } else { "import" };
            self.sink.push(
                Diagnostic::new(Code::MissingKey, import.span, format!("an import without `{missing}`"))
                    .help("an import names a file (`from`) and the namespace of an entry in it (`import`)"),
            );
            return None;
        };
        let path = relative(&origin.path, &from.value);
        if origin.includes(&path) {
            self.unresolved(from.span, format!("`{}` imports itself", from.value), "remove this import");
            return None;
        }
        if origin.depth >= limits::IMPORT_DEPTH_MAX || self.followed >= limits::IMPORTS_MAX {
            self.unresolved(from.span, "too many imports".to_owned(), "join some of the imported files");
            return None;
        }
        self.followed += 1;
        let document = self.imported_document(&path, from)?;
        let inner = Origin { path, importer: Some(origin), depth: origin.depth + 1 };
        self.pick(&document, wanted, import, &inner, binds)
    }

    fn imported_document(&mut self, path: &Path, from: &crate::Text) -> Option<Rc<Document>> {
        if !self.imported.contains_key(path) {
            let read = self.files.read(path).map(|text| Imported {
                document: self.document(&path.to_string_lossy(), &text).map(Rc::new),
                bytes: text.len(),
            });
            self.imported.insert(path.to_owned(), read);
        }
        match self.imported.get(path).cloned()? {
            Ok(imported) => {
                self.followed_bytes += imported.bytes;
                if self.followed_bytes > limits::EXPANDED_BYTES_MAX {
                    let message = format!("`{}` is imported too often for its size", from.value);
                    self.unresolved(from.span, message, "import from smaller files");
                    return None;
                }
                imported.document
            }
            Err(why) => {
                let message = format!("`{}` cannot be imported: {why}", from.value);
                self.unresolved(from.span, message, "the path is relative to the file that imports");
                None
            }
        }
    }

    fn pick<T: Entry>(
        &mut self,
        document: &Document,
        wanted: &crate::Text,
        import: &Import,
        origin: &Origin<'_>,
        binds: &mut Vec<Binding>,
    ) -> Option<T> {
        let brings = T::BRINGS_BINDS && self.brought.insert(origin.path.clone());
        let own = if brings { document.binds.clone() } else { Vec::new() };
        let found = T::entries(document).iter().find(|entry| namespace_of(*entry) == Some(&*wanted.value));
        let mut entry = match found {
            Some(OrImport::Inline(entry)) => entry.clone(),
            Some(OrImport::Import(further)) => self.import(further, origin, binds)?,
            None => {
                let message = format!("`{}` has no `{}` to import", origin.path.display(), wanted.value);
                self.unresolved(wanted.span, message, "name the namespace of an entry of that section");
                return None;
            }
        };
        if let Some(alias) = &import.alias {
            entry.rename(alias.clone());
        }
        let own = self.section(own, origin, binds);
        binds.extend(own);
        Some(entry)
    }

    fn unresolved(&mut self, span: Span, message: String, help: &str) {
        self.sink.push(Diagnostic::new(Code::ImportUnresolved, span, message).help(help));
    }
}

/// What an imported entry must know: its section, its namespace.
trait Entry: Clone {
    /// Whether the binds of its file come along with it.
    const BRINGS_BINDS: bool = true;

    fn entries(document: &Document) -> &[OrImport<Self>];
    fn namespace(&self) -> Option<&str>;
    fn rename(&mut self, alias: crate::Text);
}

macro_rules! entry {
    ($type:ty, $section:ident) => {
        impl Entry for $type {
            fn entries(document: &Document) -> &[OrImport<Self>] {
                &document.$section
            }
            fn namespace(&self) -> Option<&str> {
                self.namespace.as_ref().map(|n| &*n.value)
            }
            fn rename(&mut self, alias: crate::Text) {
                self.namespace = Some(alias);
            }
        }
    };
}

entry!(Consumes, consumes);
entry!(Aggregate, aggregates);

impl Entry for Binding {
    const BRINGS_BINDS: bool = false;

    fn entries(document: &Document) -> &[OrImport<Self>] {
        &document.binds
    }
    fn namespace(&self) -> Option<&str> {
        self.namespace.as_ref().map(|n| &*n.value)
    }
    fn rename(&mut self, alias: crate::Text) {
        self.namespace = Some(alias);
    }
}

impl Entry for Exposes {
    fn entries(document: &Document) -> &[OrImport<Self>] {
        &document.exposes
    }
    fn namespace(&self) -> Option<&str> {
        let namespace = match self {
            Exposes::Rest(rest) => &rest.namespace,
            Exposes::Mcp(mcp) => &mcp.namespace,
            Exposes::Skill(skill) => &skill.namespace,
            Exposes::Control(_) => &None,
        };
        namespace.as_ref().map(|n| &*n.value)
    }
    fn rename(&mut self, alias: crate::Text) {
        match self {
            Exposes::Rest(rest) => rest.namespace = Some(alias),
            Exposes::Mcp(mcp) => mcp.namespace = Some(alias),
            Exposes::Skill(skill) => skill.namespace = Some(alias),
            Exposes::Control(_) => {}
        }
    }
}

fn namespace_of<T: Entry>(entry: &OrImport<T>) -> Option<&str> {
    match entry {
        OrImport::Inline(entry) => entry.namespace(),
        OrImport::Import(import) => import.alias.as_ref().or(import.import.as_ref()).map(|n| &*n.value),
    }
}

/// The path that `from` names, seen from the folder of the importing file.
fn relative(importer: &Path, from: &str) -> PathBuf {
    let from = from.strip_prefix("file://").unwrap_or(from);
    let from = from.strip_prefix("/./").unwrap_or(from);
    let joined = importer.parent().unwrap_or(Path::new("")).join(from);
    clean(&joined)
}

/// The path without `.` and, where a folder stands before them, `..`.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(clean.components().next_back(), Some(Component::Normal(_))) => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// The keys of a change whose variables are a caller's own.
const CREDENTIAL_KEYS: [&str; 2] = ["authentication", "tls"];

/// A binding to the environment for the variables that a change names and nothing binds.
fn implied_binding(node: &Node<'_>, binds: &[Binding]) -> Option<Binding> {
    let mut names = HashSet::new();
    for (key, value) in node.as_mapping()? {
        if CREDENTIAL_KEYS.contains(&key.text.as_ref()) {
            collect_names(value, &mut names);
        }
    }
    let is_bound = |name: &String| binds.iter().any(|b| b.keys.entries.iter().any(|(v, _)| *v.value == **name));
    let mut names: Vec<String> = names.into_iter().filter(|name| !name.contains('.') && !is_bound(name)).collect();
    names.sort();
    let entries = names.iter().map(|name| {
        let name: Text = Spanned::new(name.as_str().into(), node.span);
        (name.clone(), name)
    });
    let keys = BindingKeys { entries: entries.collect() };
    (!keys.entries.is_empty()).then(|| Binding { span: node.span, keys, ..Binding::default() })
}

/// Collects the names of all placeholders below a node, and bare texts that may be meant as one.
fn collect_names(node: &Node<'_>, names: &mut HashSet<String>) {
    match &node.kind {
        Kind::Scalar { text, .. } => collect_from(text, names),
        Kind::Sequence(items) => items.iter().for_each(|item| collect_names(item, names)),
        // The keys of a binding name its variables; they are no use of them.
        Kind::Mapping(entries) => {
            for (key, value) in entries {
                if key.text != "binds" {
                    collect_names(value, names);
                }
            }
        }
    }
}

fn collect_from(text: &str, names: &mut HashSet<String>) {
    // `token: REGISTRY_TOKEN`: the braces are forgotten, the variable is meant.
    let bare = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if text.contains('_') && text.chars().all(bare) {
        names.insert(text.to_owned());
    }
    for placeholder in placeholders(text) {
        if placeholder.is_name() {
            names.insert(placeholder.body.to_owned());
            names.insert(placeholder.local().to_owned());
        } else if placeholder.form == Form::Double {
            let words = placeholder.body.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            names.extend(words.filter(|w| !w.is_empty()).map(str::to_owned));
        }
    }
}
