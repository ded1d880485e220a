//! The registry of codes. The doc comment of a variant is its page: the first line is the
//! title, the rest what `capstan explain` prints. A published code never changes meaning.

use std::fmt;

use super::Severity;

macro_rules! codes {
    ($( $(#[doc = $doc:literal])+ $id:literal $name:ident $severity:ident; )+) => {
        /// A stable name for one kind of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $( $(#[doc = $doc])+ $name, )+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[ $( Code::$name, )+ ];

            /// The code as printed: `CAP0012`.
            pub fn as_str(self) -> &'static str {
                match self { $( Code::$name => $id, )+ }
            }

            /// The severity a diagnostic of this code has unless its pass says otherwise.
            pub fn severity(self) -> Severity {
                match self { $( Code::$name => Severity::$severity, )+ }
            }

            /// The page of this code, in Markdown; its first line is the title.
            pub fn page(self) -> &'static str {
                match self { $( Code::$name => concat!($( $doc, "\n" ),+), )+ }
            }
        }
    };
}

impl Code {
    /// The first line of the page.
    pub fn title(self) -> &'static str {
        self.page().lines().next().unwrap_or("").trim()
    }

    /// The code printed as `text`, in any case, with or without its zeros.
    pub fn parse(text: &str) -> Option<Code> {
        let digits = text.trim().to_ascii_uppercase();
        let number: u32 = digits.strip_prefix("CAP").unwrap_or(&digits).parse().ok()?;
        Code::ALL.iter().copied().find(|c| c.as_str() == format!("CAP{number:04}"))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

codes! {
    /// The file cannot be read
    "CAP0001" FileUnreadable Error;
    /// The file is not YAML
    "CAP0002" YamlSyntax Error;
    /// The file is too large
    "CAP0003" FileTooLarge Error;
    /// The file is nested too deeply or expands too far
    "CAP0004" TooDeep Error;
    /// A key stands twice in one mapping
    "CAP0005" DuplicateKey Error;
    /// The file is not a capability
    "CAP0006" NotACapability Error;
    /// The file holds several YAML documents
    "CAP0007" SeveralDocuments Warning;

    /// A key is not part of the specification
    "CAP0101" UnknownKey Warning;
    /// A value has the wrong type
    "CAP0102" WrongType Error;
    /// A required key is missing
    "CAP0103" MissingKey Error;
    /// A value is not one of those allowed
    "CAP0104" UnknownValue Error;
    /// A form is understood but not standard
    "CAP0105" NonStandardForm Warning;
    /// The specification version is not known
    "CAP0106" UnknownVersion Warning;
    /// A value does not have the form that the specification asks for
    "CAP0107" MalformedValue Warning;

    /// A name stands twice where it must be unique
    "CAP0201" DuplicateName Warning;
    /// A reference leads to nothing
    "CAP0202" UnresolvedReference Error;
    /// A bound variable is used nowhere
    "CAP0203" UnusedBinding Warning;
    /// A bound credential is used nowhere
    "CAP0204" UnusedCredential Warning;
    /// A variable is used but bound nowhere
    "CAP0205" UnboundVariable Warning;
    /// A placeholder has no parameter
    "CAP0206" UndeclaredParameter Warning;
    /// A parameter can never reach the request
    "CAP0207" UnreachableParameter Warning;
    /// An import cannot be followed
    "CAP0208" ImportUnresolved Error;
    /// A consumed API has no base URI
    "CAP0209" NoBaseUri Warning;
    /// A base URI cannot be used
    "CAP0210" BadBaseUri Error;

    /// A template cannot be compiled
    "CAP0301" BadTemplate Error;
    /// A JSONPath cannot be compiled
    "CAP0302" BadJsonPath Error;
    /// A pattern is not a regular expression
    "CAP0303" BadPattern Error;
    /// A header name is not one
    "CAP0304" BadHeaderName Error;
    /// A request body cannot be built
    "CAP0305" BadBody Error;
    /// An authentication is not supported yet
    "CAP0306" UnsupportedAuthentication Warning;
    /// A response format is not supported yet
    "CAP0307" UnsupportedFormat Warning;
    /// A consumed API is not reached over HTTP
    "CAP0308" UnsupportedTransport Warning;

    /// Bound variables have no value
    "CAP0401" MissingVariable Error;
    /// A binding location has an unsupported scheme
    "CAP0402" UnsupportedLocation Error;
    /// A binding file cannot be read
    "CAP0403" BindingFile Error;
    /// A bound value does not fit its place
    "CAP0404" UnfitVariable Error;

    /// The operation does not exist
    "CAP0501" UnknownOperation Error;
    /// The operation name fits several operations
    "CAP0502" AmbiguousOperation Error;
    /// Parameters are missing, unknown or invalid
    "CAP0503" InvalidParameters Error;
    /// A credential would travel unencrypted
    "CAP0504" InsecureCredential Error;
    /// The operation cannot be called as it stands
    "CAP0505" NotCallable Error;
    /// The settings cannot be used
    "CAP0506" BadSettings Error;

    /// The upstream answered with an error status
    "CAP0601" UpstreamStatus Error;
    /// The upstream cannot be reached
    "CAP0602" Unreachable Error;
    /// The upstream took too long
    "CAP0603" TimedOut Error;
    /// The response is larger than allowed
    "CAP0604" ResponseTooLarge Error;
    /// The response is not what was declared
    "CAP0605" UnexpectedContent Error;
    /// A redirect was refused
    "CAP0606" RefusedRedirect Error;
    /// The response broke off
    "CAP0607" BrokenResponse Error;
    /// The recording has no answer to this request
    "CAP0608" NotRecorded Error;
    /// A recording cannot be used
    "CAP0609" BadRecording Error;
    /// The call was interrupted
    "CAP0610" Interrupted Error;
}
