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

            /// The doc comment as the compiler hands it over: a blank in front of each line.
            fn doc(self) -> &'static str {
                match self { $( Code::$name => concat!($( $doc, "\n" ),+), )+ }
            }
        }
    };
}

impl Code {
    /// The page of this code, in Markdown; its first line is the title.
    pub fn page(self) -> String {
        let lines = self.doc().lines();
        lines.flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"]).collect()
    }

    /// The first line of the page.
    pub fn title(self) -> &'static str {
        self.doc().lines().next().unwrap_or("").trim()
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
    ///
    /// Capstan asked the system for the file and did not get its text: there is no such file, it
    /// is a folder, its permissions forbid reading, or its bytes are not UTF-8. Nothing else of
    /// the file can be checked until this is mended.
    ///
    /// Wrong:
    ///
    /// ```sh
    /// capstan list capabilites/kinde-organizations.yaml
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// capstan list capabilities/kinde-organizations.yaml
    /// ```
    ///
    /// Look at the spelling of the path and at the folder that you are in: a relative path counts
    /// from there. A file in another encoding is turned into UTF-8 by most editors ("save with
    /// encoding"), or by `iconv -f LATIN1 -t UTF-8`.
    "CAP0001" FileUnreadable Error;
    /// The file is not YAML
    ///
    /// The text breaks a rule of YAML 1.2, so no document can be read from it. The place shown is
    /// where the parser gave up; the mistake is often a little before it. Frequent causes are a
    /// tab as indentation, a quote that is not closed, a list item that stands further left or
    /// right than its neighbours, and a plain text with `: ` or ` #` in it.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// description: Lists users: all of them
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// description: 'Lists users: all of them'
    /// ```
    ///
    /// Put quotes around texts with punctuation, indent with spaces only, and keep the items of a
    /// list in one column.
    "CAP0002" YamlSyntax Error;
    /// The file is too large
    ///
    /// A capability file may have 16 MiB. The largest published one is under 1 MiB, so a larger
    /// file is nearly always something else: an export, a recording, a response saved under the
    /// wrong name. The bound keeps one stray file from taking the memory of the machine, for a
    /// tree of YAML needs many times the size of its text.
    ///
    /// Check that the path names a capability. If the file really is one, divide it: move a
    /// consumed API into a file of its own and import it.
    ///
    /// ```yaml
    /// capability:
    ///   consumes:
    ///   - from: ./kinde-users.yaml
    ///     import: kinde-users
    /// ```
    "CAP0003" FileTooLarge Error;
    /// The file is nested too deeply or expands too far
    ///
    /// Collections may stand 64 levels deep, and a file may have two million nodes once its
    /// aliases (`*name`) are expanded. A real capability has about fourteen levels. A few lines of
    /// aliases that name each other can stand for billions of nodes (an "alias bomb"), and a long
    /// row of `[` can exhaust the stack of a parser; both are stopped before they take memory.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// a: &a [x, x, x, x, x, x, x, x, x]
    /// b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
    /// c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]   # and so on
    /// ```
    ///
    /// Write repeated parts once, as an aggregate or an import, and flatten structures that only
    /// a program could have produced.
    "CAP0004" TooDeep Error;
    /// A key stands twice in one mapping
    ///
    /// YAML asks that the keys of a mapping differ. Parsers that accept a second one keep either
    /// the first or the last value, and drop the other without a word: half of what was written
    /// would be lost. It happens most with two `inputParameters` under one operation, or when an
    /// operation is copied in the map form and keeps its name.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// path: /users
    /// description: Users
    /// path: /user
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// path: /users
    /// description: Users
    /// ```
    ///
    /// Remove one of the two, join both lists under one key, or give the second entry another
    /// name.
    "CAP0005" DuplicateKey Error;
    /// The file is not a capability
    ///
    /// The file is valid YAML, but nothing in it says that it is a Naftiko or Ikanos document:
    /// there is no `capability`, and none of the sections `consumes`, `exposes`, `aggregates` or
    /// `binds` that may stand at the root of a file made for importing; or all of them are empty.
    /// OpenAPI files, binding files and lists are recognised by this.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// openapi: 3.1.0
    /// paths: {}
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// ikanos: 1.0.0-beta5
    /// capability:
    ///   consumes:
    ///   - namespace: example
    ///     baseUri: https://api.example.com
    /// ```
    ///
    /// Name the file that holds the capability, or write its parts under `capability:`.
    "CAP0006" NotACapability Error;
    /// The file holds several YAML documents
    ///
    /// A line of `---` ends a YAML document and begins the next. A capability file is one
    /// document; Capstan reads the first and leaves the others alone, as the reference engine
    /// does. A capability in a later document would never be seen, which is why this is said.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// ikanos: 1.0.0-beta5
    /// ---
    /// capability: {}
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// ---
    /// ikanos: 1.0.0-beta5
    /// capability: {}
    /// ```
    ///
    /// Remove the inner `---`, or put each document into a file of its own. A single `---` at the
    /// very top is fine.
    "CAP0007" SeveralDocuments Warning;

    /// A key is not part of the specification
    ///
    /// No version of the specification has this key at this place, and it is not one of the
    /// spellings that Capstan knows from published files. The key and everything below it has no
    /// effect. Mostly it is a slip of the pen, or a key that stands one level too high or too
    /// low; then a "did you mean" or the place where the key is known stands beside the message.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// - name: getUser
    ///   mehtod: GET
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// - name: getUser
    ///   method: GET
    /// ```
    ///
    /// Correct the spelling, move the key to where it belongs, or remove it. Notes for people
    /// belong into `description` or a comment.
    "CAP0101" UnknownKey Warning;
    /// A value has the wrong type
    ///
    /// The key is known, but it takes another kind of value: a list where a single text stands, a
    /// mapping where `true` or `false` is asked for, a text where a number is needed. Capstan does
    /// not guess what was meant. Note that YAML 1.2 has only `true` and `false` as truth values:
    /// `yes`, `no`, `on` and `off` are texts.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// inputParameters:
    /// - name: limit
    ///   required: yes
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// inputParameters:
    /// - name: limit
    ///   required: true
    /// ```
    ///
    /// Write the value in the form that the message names. `capstan schema` prints a schema that
    /// makes editors show the right form while you type.
    "CAP0102" WrongType Error;
    /// A required key is missing
    ///
    /// The specification asks for this key, and without it there is nothing to work with: an
    /// operation without a name cannot be called, a binding import without a source leads
    /// nowhere. The range shown is the entry that lacks the key. Where a missing key has a plain
    /// default, such as `method` (GET) or an output's format (JSON), nothing is reported.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// operations:
    /// - method: GET
    ///   description: Lists users
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// operations:
    /// - name: listUsers
    ///   method: GET
    ///   description: Lists users
    /// ```
    ///
    /// Add the key that the message names, at the indentation of the entry's other keys.
    "CAP0103" MissingKey Error;
    /// A value is not one of those allowed
    ///
    /// This key takes one of a fixed set of words, and the word written is none of them: a method
    /// that HTTP does not have, a place where no parameter can travel, a kind of authentication
    /// that is not in the specification. Capstan cannot know which was meant, so the file is not
    /// used. Another spelling of a known word is only a warning (CAP0105).
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// - name: user_id
    ///   in: segment
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// - name: user_id
    ///   in: path
    /// ```
    ///
    /// Choose one of the words that the message lists.
    "CAP0104" UnknownValue Error;
    /// A form is understood but not standard
    ///
    /// The meaning is plain, so Capstan uses it, but no published schema allows this form and
    /// other tools may ignore or refuse it. Known cases are `baseUrl` for `baseUri`, `auth` for
    /// `authentication`, `headers` on a consumed API, an operation's own `path`, a method in lower
    /// case, `in: formData`, and an API key with `name` and `in`.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// baseUrl: https://api.example.com
    /// auth: { type: apikey, in: header, name: X-Key, value: '{{KEY}}' }
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// baseUri: https://api.example.com
    /// authentication: { type: apikey, placement: header, key: X-Key, value: '{{KEY}}' }
    /// ```
    ///
    /// Write the standard form shown beside the message. `capstan validate --strict` makes sure
    /// that a file keeps to it.
    "CAP0105" NonStandardForm Warning;
    /// The specification version is not known
    ///
    /// The root key `ikanos` or `naftiko` names a version that was not published when this
    /// Capstan was built. The file is read all the same, as the newest version known: keys that a
    /// later version added are reported as unknown, and a key whose meaning changed would be read
    /// in its old meaning.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// ikanos: 1.0.0-bata5
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// ikanos: 1.0.0-beta5
    /// ```
    ///
    /// Known are `naftiko` with `0.4`, `0.5` and `1.0.0-alpha1` to `1.0.0-alpha3`, and `ikanos`
    /// with `1.0.0-beta1` to `1.0.0-beta5`. Correct the version, or install a newer Capstan.
    "CAP0106" UnknownVersion Warning;
    /// A value does not have the form that the specification asks for
    ///
    /// The value is of the right type, but it breaks a rule about its shape: a date that is not
    /// `YYYY-MM-DD`, a variable that is not in capitals, a namespace with blanks, a size without
    /// a unit. Capstan can use the value as it is; the published schemas would refuse the file.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// info:
    ///   created: 22/05/2026
    /// binds:
    /// - keys: { kinde-token: KINDE_ACCESS_TOKEN }
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// info:
    ///   created: '2026-05-22'
    /// binds:
    /// - keys: { KINDE_TOKEN: KINDE_ACCESS_TOKEN }
    /// ```
    ///
    /// Rewrite the value in the form that the message names, and change the places that refer to
    /// it.
    "CAP0107" MalformedValue Warning;

    /// A name stands twice where it must be unique
    ///
    /// Two entries of one collection have the same name: two operations of one API, two
    /// parameters of one operation, two namespaces of one file. A reference to the name can only
    /// reach one of them, and the reference engine silently drops the other. Both places are
    /// shown.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// operations:
    /// - name: getUser
    ///   method: GET
    /// - name: getUser
    ///   method: DELETE
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// operations:
    /// - name: getUser
    ///   method: GET
    /// - name: deleteUser
    ///   method: DELETE
    /// ```
    ///
    /// Give one of the two another name, or remove it if it is a copy. One name in two namespaces
    /// is no problem: `namespace.name` tells them apart. Operations of one namespace can be told
    /// apart by their resource, as `resource.name`.
    "CAP0201" DuplicateName Warning;
    /// A reference leads to nothing
    ///
    /// A `call`, `ref` or other reference names an operation, a flow, a namespace or an earlier step
    /// that the file and its imports do not define. An operation or a flow is written
    /// `namespace.name`, with the namespace of the consumed API or of the aggregate, and both parts
    /// must match to the letter. Whatever uses the reference could never run.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// consumes:
    /// - namespace: kinde
    ///   resources: { users: { path: /users, operations: { listUsers: { method: GET } } } }
    /// exposes:
    /// - type: mcp
    ///   tools: { users: { call: kinde.getUsers } }
    /// ```
    ///
    /// Right: `call: kinde.listUsers`.
    ///
    /// Correct the name ("did you mean" shows the nearest), define what is missing, or import the
    /// file that does.
    ///
    /// In a `capstan.toml`, an operation that the file does not have is one, too, where its name is
    /// nearly that of one of the file's, or where `[file."PATH"]` names the file. Otherwise it is a
    /// warning, and a namespace that the file does not have is one only if it is nearly one of the
    /// file's: the settings serve other files as well. Under a pattern with `*` nothing is missed.
    "CAP0202" UnresolvedReference Error;
    /// A bound variable is used nowhere
    ///
    /// `binds` declares the variable, but no base URI, path, parameter, body or authentication of
    /// the file mentions it. Either it is a remnant, or the place where it belongs has another
    /// spelling and will be sent without it. Variables can be written `{{NAME}}`,
    /// `{{namespace.NAME}}`, `{NAME}`, `${NAME}` or `$env.NAME`.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// binds:
    /// - keys: { SUBDOMAIN: SUBDOMAIN }
    /// capability:
    ///   consumes:
    ///   - baseUri: https://acme.example.com
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// binds:
    /// - keys: { SUBDOMAIN: SUBDOMAIN }
    /// capability:
    ///   consumes:
    ///   - baseUri: https://{{SUBDOMAIN}}.example.com
    /// ```
    ///
    /// Use the variable, or remove its line from `keys`.
    "CAP0203" UnusedBinding Warning;
    /// A bound credential is used nowhere
    ///
    /// The file binds a variable that is plainly a credential (`…_TOKEN`, `…_API_KEY`,
    /// `…_PASSWORD`), and no authentication or parameter sends it, so the API will most likely
    /// answer 401. One case is mended by itself: exactly one unused `…ACCESS_TOKEN`,
    /// `…BEARER_TOKEN` or `…AUTH_TOKEN`, and an API without `authentication`; the token is then
    /// sent as a bearer token to that API's origin, unless `--no-inferred-auth` is given.
    ///
    /// Right:
    ///
    /// ```yaml
    /// consumes:
    /// - baseUri: https://api.example.com
    ///   authentication:
    ///     type: apikey
    ///     placement: header
    ///     key: X-API-Key
    ///     value: '{{EXAMPLE_API_KEY}}'
    /// ```
    ///
    /// In a file that is not yours, give the credential with the call:
    ///
    /// ```sh
    /// capstan call example.yaml listItems --auth 'apikey:header:X-API-Key:{{EXAMPLE_API_KEY}}'
    /// ```
    "CAP0204" UnusedCredential Warning;
    /// A variable is used but bound nowhere
    ///
    /// A text names a variable in capitals, or with `$env.`, that no `binds` entry declares. The
    /// file does not say where its value should come from, and a reader cannot see what must be
    /// set before a call. Where the form leaves no doubt, as in `$env.NAME`, the process
    /// environment is asked; elsewhere a caller would have to give it as a parameter.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// authentication: { type: bearer, token: '{{API_TOKEN}}' }
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// binds:
    /// - namespace: env
    ///   keys: { API_TOKEN: API_TOKEN }
    /// ```
    ///
    /// Declare the variable under `binds`, or correct its spelling.
    "CAP0205" UnboundVariable Warning;
    /// A placeholder has no parameter
    ///
    /// A path, header or body has a placeholder such as `{user_id}`, but neither the operation nor
    /// its resource or API declares an input parameter of that name, and no variable is bound
    /// under it. Capstan accepts a value for it and requires it like a path parameter, but can
    /// check neither its type nor its form, and tools cannot describe it.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// path: /users/{user_id}
    /// operations:
    /// - name: getUser
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// path: /users/{user_id}
    /// operations:
    /// - name: getUser
    ///   inputParameters:
    ///   - name: user_id
    ///     in: path
    ///     type: string
    /// ```
    ///
    /// Declare the parameter, or correct the name in the placeholder.
    "CAP0206" UndeclaredParameter Warning;
    /// A parameter can never reach the request
    ///
    /// The parameter is declared, but nothing carries it: it is `in: path` and the path has no
    /// placeholder of its name, or it goes into the body of an operation whose `body` does not
    /// mention it. Whatever a caller gives for it would be accepted and then lost.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// path: /users/{id}
    /// inputParameters:
    /// - name: user_id
    ///   in: path
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// path: /users/{user_id}
    /// inputParameters:
    /// - name: user_id
    ///   in: path
    /// ```
    ///
    /// Give placeholder and parameter the same name, choose the place where the API expects it
    /// (`in: query`), or remove the parameter.
    "CAP0207" UnreachableParameter Warning;
    /// An import cannot be followed
    ///
    /// An entry takes its content from another file, and that does not work: the file is not
    /// there, it holds no entry of that namespace, imports lead in a circle, or more than 256
    /// files would be opened. Paths count from the folder of the file that imports, not from the
    /// folder you are in. Without its content the entry is empty, so the capability is not used.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// consumes:
    /// - from: kinde.yaml          # lies in ./shared
    ///   import: kinde
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// consumes:
    /// - from: ./shared/kinde.yaml
    ///   import: kinde
    /// ```
    ///
    /// Correct the path or the namespace; problems inside the imported file are listed with its
    /// own name.
    "CAP0208" ImportUnresolved Error;
    /// A consumed API has no base URI
    ///
    /// `baseUri` is where every path of a consumed API begins. Without it the operations can be
    /// listed and described, but not called: there is no host to send a request to. Some
    /// published files leave it out because each customer has another one.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// consumes:
    /// - type: http
    ///   namespace: shop
    ///   resources: []
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// consumes:
    /// - type: http
    ///   namespace: shop
    ///   baseUri: https://{{SHOP_HOST}}/api
    ///   resources: []
    /// ```
    ///
    /// Add the key. For a file that is not yours, give it with the call:
    ///
    /// ```sh
    /// capstan call shop.yaml listOrders --base-uri https://acme.example.com/api
    /// ```
    "CAP0209" NoBaseUri Warning;
    /// A base URI cannot be used
    ///
    /// A base URI must be absolute, begin with `http://` or `https://`, and name a host. It may
    /// hold variables, also in the host, but no fragment and no user name or password: those
    /// would end up in logs, and belong into `authentication`. A base URI that is made of one
    /// variable alone is fine; its value is checked at the call.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// baseUri: api.example.com/v1
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// baseUri: https://api.example.com/v1
    /// ```
    ///
    /// Write the scheme in front, and move credentials to `authentication`:
    ///
    /// ```yaml
    /// authentication: { type: basic, username: '{{USER}}', password: '{{PASSWORD}}' }
    /// ```
    "CAP0210" BadBaseUri Error;

    /// A template cannot be compiled
    ///
    /// A text with placeholders breaks their syntax: a `{{` without its `}}`, an expression that
    /// does not parse, a filter that does not exist. Templates are compiled when the file is
    /// loaded, so that a call cannot fail on them halfway.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// path: /users/{{user_id
    /// value: '{{ name | shout }}'
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// path: /users/{{user_id}}
    /// value: '{{ name | upper }}'
    /// ```
    ///
    /// Close the placeholder, or correct the expression; names with hyphens may be used as they
    /// are. A text that really begins with `{{` is written `{{ '{{' }}`. Remember the quotes: in
    /// YAML a plain value cannot begin with `{`.
    "CAP0301" BadTemplate Error;
    /// A JSONPath cannot be compiled
    ///
    /// An output takes its value from the response with a JSONPath (RFC 9535), and this one does
    /// not parse. Older spellings found in published files work as well: `$.` for the whole
    /// response, a missing `$`, member names with hyphens or blanks, filters with parentheses,
    /// `.length()`.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// outputParameters:
    /// - name: ids
    ///   type: array
    ///   value: $.users[*.id
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// outputParameters:
    /// - name: ids
    ///   type: array
    ///   value: $.users[*].id
    /// ```
    ///
    /// The mark stands where reading stopped. Unusual member names can always be written in
    /// brackets: `$['first name']`.
    "CAP0302" BadJsonPath Error;
    /// A pattern is not a regular expression
    ///
    /// The `pattern` of a parameter is a regular expression that every value must match, and this
    /// one does not compile. Capstan matches in linear time whatever the input, which leaves out
    /// look-ahead, look-behind and back-references; these are the usual cause in patterns that
    /// come from other tools. An unescaped `(`, `[` or `{` is another.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// pattern: '^(?!test)[a-z]+$'
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// pattern: '^[a-z]+$'
    /// ```
    ///
    /// Rewrite the pattern without the unsupported part, or remove it and leave the check to the
    /// API. Single quotes keep YAML from reading the backslashes.
    "CAP0303" BadPattern Error;
    /// A header name is not one
    ///
    /// A parameter with `in: header`, an entry of `headers` or the `key` of an API key names a
    /// header with characters that HTTP does not allow there (RFC 9110, section 5.1). Letters,
    /// digits and `-` are safe, as are `_`, `.` and a few signs; blanks, colons and letters
    /// beyond ASCII are not. Sent as it is, it could end one header and begin another.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// - name: 'X-Api-Version:'
    ///   in: header
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// - name: X-Api-Version
    ///   in: header
    /// ```
    ///
    /// Take the name from the API's documentation, without colon and value. Upper and lower case
    /// make no difference.
    "CAP0304" BadHeaderName Error;
    /// A request body cannot be built
    ///
    /// The operation's `body` contradicts itself: its `data` does not fit its `type` (a list as a
    /// form, a mapping as XML), or the text of a JSON body is not JSON once its placeholders are
    /// filled. Such a request could never be sent.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// body:
    ///   type: formUrlEncoded
    ///   data: [name, email]
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// body:
    ///   type: formUrlEncoded
    ///   data:
    ///     name: '{{name}}'
    ///     email: '{{email}}'
    /// ```
    ///
    /// Give a form as a mapping, and JSON as a structure or as a text that is JSON. Parameters with
    /// `in: body` beside a `body` are the values of its placeholders.
    "CAP0305" BadBody Error;
    /// An authentication is not supported yet
    ///
    /// An API key goes into a header, into the query, into a cookie, or into several headers at once.
    /// One with `placement: body` is read and checked, but not carried out so far: only the API
    /// knows what its bodies look like. The API's operations can be listed and described; calling
    /// one is refused rather than sent without the key.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// authentication: { type: apikey, key: api_key, value: '{{KEY}}', placement: body }
    /// ```
    ///
    /// Right, where the body has a field for it:
    ///
    /// ```yaml
    /// body: { type: formUrlEncoded, data: { api_key: '{{KEY}}' } }
    /// ```
    "CAP0306" UnsupportedAuthentication Warning;
    /// A consumed API is not reached over HTTP
    ///
    /// The `type` of a consumed API is `http`; the specification has no other. Some published
    /// files write something else for APIs over message queues, databases or sockets. Capstan sends
    /// plain HTTP requests only, and calls such operations over HTTP all the same: the `baseUri`,
    /// method and path are used as in any other consumed API.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// consumes:
    /// - type: kafka
    ///   namespace: events
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// consumes:
    /// - type: http
    ///   namespace: events
    ///   baseUri: https://kafka-rest.example.com
    /// ```
    ///
    /// If the API has an HTTP interface, describe that and write `type: http`. Otherwise a call fails
    /// for want of a `baseUri` or of a server that answers; nothing needs to be done as long as
    /// nobody calls it.
    "CAP0308" UnsupportedTransport Warning;

    /// Bound variables have no value
    ///
    /// The operation needs variables that `binds` declares, and their source does not have them:
    /// the process environment, an `--env-file`, or the file that `location` names. All missing
    /// ones are listed together, each with the line that declares it. Only the variables of the
    /// called operation are asked for; listing and describing need none.
    ///
    /// Set them for one command:
    ///
    /// ```sh
    /// KINDE_SUBDOMAIN=acme KINDE_ACCESS_TOKEN=… capstan call kinde-organizations.yaml getOrganizations
    /// ```
    ///
    /// or keep them in a file that is not committed:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganizations --env-file .env
    /// ```
    ///
    /// The name that must be set is the right side of the entry under `keys`. `--dry-run` shows
    /// the request without any values.
    "CAP0401" MissingVariable Error;
    /// A binding location has an unsupported scheme
    ///
    /// A `location` says where the values of a binding come from. Capstan reads files (`file:`)
    /// and, where there is no `location`, the process environment. Locations in vaults and other
    /// stores (`vault://`, `k8s-secret://`, `https://`) are not read, and are refused rather than
    /// taken for empty, because a request without its credential would be sent.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// binds:
    /// - location: vault://secret/kinde
    ///   keys: { TOKEN: token }
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// binds:
    /// - location: file:///./secrets.yaml
    ///   keys: { TOKEN: token }
    /// ```
    ///
    /// Or remove `location` and let the store's own tool put the values into the environment of
    /// the command.
    "CAP0402" UnsupportedLocation Error;
    /// A binding file cannot be read
    ///
    /// The file that `location` names is missing, may not be read, or is not in the form that its
    /// name promises. Files ending in `.yaml`, `.yml`, `.json`, `.env` and `.properties` are read
    /// as such; of others the form is found out. `file:///./name` counts from the folder of the
    /// capability, not from the folder you are in. The message never shows the file's content,
    /// which is secret.
    ///
    /// Right, for `secrets.yaml` beside the capability:
    ///
    /// ```yaml
    /// binds:
    /// - location: file:///./secrets.yaml
    ///   keys: { KINDE_ACCESS_TOKEN: kinde.token }
    /// ```
    ///
    /// with
    ///
    /// ```yaml
    /// kinde:
    ///   token: …
    /// ```
    ///
    /// Correct the path, or the line of the file that the message names.
    "CAP0403" BindingFile Error;
    /// A bound value does not fit its place
    ///
    /// A variable has a value, but the value cannot stand where the file puts it. A host takes
    /// only letters, digits, `-` and `.`; a header takes no line ends or other control characters.
    /// The rules keep a value from moving a request, and the credential it carries, to another
    /// server, or from adding headers of its own. The value itself is not shown.
    ///
    /// Wrong, for `https://{KINDE_SUBDOMAIN}.kinde.com`:
    ///
    /// ```sh
    /// export KINDE_SUBDOMAIN=https://acme.kinde.com
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// export KINDE_SUBDOMAIN=acme
    /// ```
    ///
    /// Set only the part that the placeholder stands for. A token read from a file often ends in
    /// a line end: `export TOKEN="$(cat token.txt)"` drops it.
    "CAP0404" UnfitVariable Error;

    /// The operation does not exist
    ///
    /// The file consumes no operation of this name. Operations are called by the `name` of a
    /// consumed operation, alone or with the namespace of its API in front, and names are compared
    /// to the letter. Tools and routes under `exposes` have names too, but are not operations.
    ///
    /// Wrong:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganisation code=org_1
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganization code=org_1
    /// ```
    ///
    /// See what there is with `capstan list FILE`. Shell completion (`capstan completions bash`)
    /// completes the names while you type.
    "CAP0501" UnknownOperation Error;
    /// The operation name fits several operations
    ///
    /// More than one consumed API of the file has an operation of this name. Choosing one of them
    /// could delete where reading was meant, so Capstan lists all and asks for the full name:
    /// the namespace of the consumed API, a dot, the operation.
    ///
    /// Wrong:
    ///
    /// ```sh
    /// capstan call shop.yaml listUsers
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// capstan call shop.yaml billing.listUsers
    /// ```
    ///
    /// Where two operations of one namespace share a name (CAP0201), put the resource in front:
    /// `users.list` and `groups.list`.
    "CAP0502" AmbiguousOperation Error;
    /// Parameters are missing, unknown or invalid
    ///
    /// The values given do not fit what the operation declares. All problems are listed together:
    /// required parameters without a value (those in the path always are), names that the
    /// operation does not have, texts that are not of the declared type, and values outside
    /// `enum`, `pattern` or `maxLength`. Nothing was sent.
    ///
    /// Wrong:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganizations pagesize=many
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganizations page_size=10
    /// ```
    ///
    /// `capstan describe FILE OPERATION` shows every parameter and an example command. Write
    /// `name:=…` for JSON values, `name=@file` for a text from a file.
    "CAP0503" InvalidParameters Error;
    /// A credential would travel unencrypted
    ///
    /// The base URI begins with `http://`, and the request carries a credential: an
    /// authentication, or a header or parameter made from a bound variable. Everyone between you
    /// and the server could read it. Capstan sends credentials over plain HTTP only to this
    /// machine (`localhost`, `127.0.0.1`, `::1`), where nobody stands between.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// baseUri: http://api.example.com
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// baseUri: https://api.example.com
    /// ```
    ///
    /// Nearly every API answers on `https://`. In a closed network that you trust, allow it for
    /// one call with `--insecure-http`, and treat the credential as known afterwards.
    "CAP0504" InsecureCredential Error;
    /// The operation cannot be called as it stands
    ///
    /// The operation exists, but the file lacks something that no parameter can supply: its API
    /// has no base URI, its authentication or its transport is not supported yet, or its
    /// description has problems that were only warnings until somebody called it. The reason is
    /// named below the message, with the line it comes from.
    ///
    /// Wrong, for a file without `baseUri`:
    ///
    /// ```sh
    /// capstan call shop.yaml listOrders
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// capstan call shop.yaml listOrders --base-uri https://acme.example.com/api
    /// ```
    ///
    /// Mend the file, or override the missing part with `--base-uri` or `--auth`.
    /// `capstan validate FILE` shows all that is known about it.
    "CAP0505" NotCallable Error;
    /// The settings cannot be used
    ///
    /// A flag, or a line of a `capstan.toml`, has a value that does not work: an `--auth` that is
    /// not of the form `bearer:…`, `basic:USER:PASSWORD`, `apikey:header:NAME:VALUE`,
    /// `apikey:query:NAME:VALUE` or `none`; a header without a colon; a base URI that is not
    /// absolute; a timeout of zero. Nothing was sent.
    ///
    /// Wrong:
    ///
    /// ```sh
    /// capstan call shop.yaml listOrders --auth my-token
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// capstan call shop.yaml listOrders --auth 'bearer:{{SHOP_TOKEN}}'
    /// ```
    ///
    /// `capstan call --help` shows each flag with an example. The message says which file a
    /// setting came from if it was not the command line.
    "CAP0506" BadSettings Error;

    /// The upstream answered with an error status
    ///
    /// The request was sent and the API answered, with a status other than 2xx. What the API said
    /// about it stands below the message, next to the request line with its secrets masked. The
    /// command ends with exit code 4, so that a script can tell a refusal from a failure to reach
    /// the API at all.
    ///
    /// What the usual ones mean:
    ///
    /// - 400, 422: a parameter is not what the API wants; compare with its documentation
    /// - 401, 403: the credential is missing, expired, or lacks a scope
    /// - 404: the thing does not exist, or the base URI is not quite right
    /// - 429: too many requests; wait, often as long as `Retry-After` says
    /// - 5xx: the API failed; try later
    ///
    /// `--include` prints the response's headers, `--dry-run` the exact request.
    "CAP0601" UpstreamStatus Error;
    /// The upstream cannot be reached
    ///
    /// No connection came about: the host's name is not known, nothing listens at the port, the
    /// network is down, a proxy refuses, or the server's certificate is not trusted. The request
    /// was not processed, so it is safe to repeat. The cause stands below the message; the exit
    /// code is 5.
    ///
    /// Check the host in the base URI, and the variables in it:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganizations --dry-run
    /// ```
    ///
    /// then whether the machine reaches it at all:
    ///
    /// ```sh
    /// curl -sv https://acme.kinde.com/ -o /dev/null
    /// ```
    ///
    /// Without a network, answers can come from a recording: `--replay FILE.har`.
    "CAP0602" Unreachable Error;
    /// The upstream took too long
    ///
    /// The connection, or the whole exchange with redirects and body, did not finish within its
    /// limit: ten seconds to connect and sixty in all, unless flags say otherwise. The message
    /// says which of the two it was. A request that was sent may have been carried out even
    /// though no answer came; look before you repeat one that changes something. The exit code
    /// is 5.
    ///
    /// Ask for less at a time, if the operation has a parameter for it:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganizations page_size=50
    /// ```
    ///
    /// or allow more time with the timeout flags that `capstan call --help` lists.
    "CAP0603" TimedOut Error;
    /// The response is larger than allowed
    ///
    /// A response may have 64 MiB once it is decompressed; reading stopped at that size. The bound
    /// keeps a huge or malicious answer, above all a small one that unpacks to gigabytes, from
    /// taking the memory of the machine. The request itself was carried out.
    ///
    /// Most APIs that list things have a parameter for the size of a page; use it:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganizations page_size=100
    /// ```
    ///
    /// If the answer has to be that large, raise the limit with the flag that
    /// `capstan call --help` lists. The response is held in memory while it is read.
    "CAP0604" ResponseTooLarge Error;
    /// The response is not what was declared
    ///
    /// The operation declares a format, JSON unless it says another, and the API answered with a
    /// success status and something else: a page of HTML, a text that breaks off, a row with more
    /// fields than there are columns. The message names the place, a line and column or a byte; the
    /// content type and the first bytes stand below it. A login or error page behind the wrong
    /// address is the usual cause; another is an API that answers in XML unless it is asked for JSON.
    ///
    /// If the API has a choice, ask for what is declared:
    ///
    /// ```yaml
    /// inputParameters:
    /// - name: Accept
    ///   in: header
    ///   value: application/json
    /// ```
    ///
    /// If it has none, declare what it sends:
    ///
    /// ```yaml
    /// outputRawFormat: xml
    /// ```
    ///
    /// `--format raw` prints the body as it came.
    "CAP0605" UnexpectedContent Error;
    /// A redirect was refused
    ///
    /// The API answered that the resource lies elsewhere, and following would have been unsafe:
    /// from `https` to `http`, with a request body to another origin, or more than ten times in a
    /// row. Redirects within one origin are followed; to another origin they are followed without
    /// credentials. The message names the target.
    ///
    /// Wrong, for an API that moved:
    ///
    /// ```yaml
    /// baseUri: https://example.com/api
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// baseUri: https://api.example.com
    /// ```
    ///
    /// If you trust the target, make it the base URI, in the file or with `--base-uri`. A row of
    /// redirects that never ends is mostly a missing login.
    "CAP0606" RefusedRedirect Error;
    /// The response broke off
    ///
    /// The API began to answer, and then the connection closed, or the bytes could not be
    /// understood: fewer than announced, damaged compression, headers that are not HTTP. The
    /// request was sent and may have been carried out; look before you repeat one that changes
    /// something. The exit code is 5.
    ///
    /// It is mostly a passing fault of the network, of a proxy, or of a server that was just
    /// restarted, and a second try works. If it stays, compare with another client to see on
    /// which side it lies:
    ///
    /// ```sh
    /// capstan call shop.yaml listOrders --dry-run   # can print the request as a curl command
    /// ```
    "CAP0607" BrokenResponse Error;
    /// The recording has no answer to this request
    ///
    /// With `--replay` every answer comes from a HAR recording and nothing is sent. The recording
    /// has no entry with the method, URL and body of this request. The nearest entry is shown with
    /// what differs: mostly one parameter. Secrets do not count, because recordings hold their
    /// masks, such as `{{KINDE_SUBDOMAIN}}`.
    ///
    /// Call what was recorded:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganization code=org_1 --replay kinde-organizations.har
    /// ```
    ///
    /// or record the call that you need, once, with a network:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganization code=org_2 --record mine.har
    /// ```
    "CAP0608" NotRecorded Error;
    /// A recording cannot be used
    ///
    /// The file given to `--replay` is missing, is not JSON, or is not a HAR 1.2 archive: an object
    /// with `log.entries`, each with a `request` and a `response`. The same code is given when a
    /// recording cannot be written to the path of `--record`. Browsers and proxies export HAR
    /// files that work; so does Capstan itself.
    ///
    /// Wrong:
    ///
    /// ```sh
    /// capstan call shop.yaml listOrders --replay response.json
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// capstan call shop.yaml listOrders --record shop.har
    /// capstan call shop.yaml listOrders --replay shop.har
    /// ```
    ///
    /// Record anew, or mend the entry that the message names.
    "CAP0609" BadRecording Error;
    /// The call was interrupted
    ///
    /// You pressed Ctrl-C, or the system asked the command to end, while a request was under way.
    /// The connection was closed and nothing was printed, so that a script never takes half an
    /// answer for a whole one. Whether the API carried the request out is not known: it may have
    /// been processed before the connection closed. The exit code is 130, as shells expect.
    ///
    /// For a request that changes something, read the state before you repeat it:
    ///
    /// ```sh
    /// capstan call kinde-organizations.yaml getOrganization code=org_1
    /// ```
    ///
    /// If calls are interrupted because they take too long, give them a shorter limit with the
    /// timeout flags that `capstan call --help` lists.
    "CAP0610" Interrupted Error;
    /// An output schema cannot be used
    ///
    /// `outputSchema` says how an answer is read: for `avro` a schema in JSON, for `protobuf` a
    /// `.proto` file with all that it imports, for `html` a CSS selector. It is read when the
    /// capability is loaded. The file does not exist, or is not what it should be; or an operation
    /// with `outputRawFormat: protobuf` names none. Such an operation cannot be called, since its
    /// answer could not be read; the others of the file can.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// outputRawFormat: protobuf
    /// outputSchema: Order
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// outputRawFormat: protobuf
    /// outputSchema: ./schemas/order.proto#Order
    /// ```
    ///
    /// Paths are relative to the folder of the capability. Imports of a `.proto` file are looked
    /// for beside it and in the folders above, up to that of the capability.
    "CAP0620" BadOutputSchema Warning;
    /// The authorization server gives no token
    ///
    /// An `oauth2` authentication asks its token endpoint for a token before the call, and the
    /// endpoint refused or answered something else than a token. The message repeats what it says:
    /// `invalid_client` means that the client or its secret is wrong, `invalid_grant` that the
    /// refresh token or the assertion is used up or too old, `invalid_scope` that a scope may not be
    /// asked for. Nothing was sent to the API.
    ///
    /// ```yaml
    /// authentication:
    ///   type: oauth2
    ///   tokenEndpoint: https://login.example.com/token
    ///   clientId: '{{CLIENT_ID}}'
    ///   clientSecret: '{{CLIENT_SECRET}}'
    ///   scopes: [contacts.read]
    /// ```
    ///
    /// Check the values of the variables that `capstan describe` names. A server that wants the
    /// secret in the form takes `clientAuthentication: client_secret_post`. With `-v` the request for
    /// the token is shown as it is sent.
    "CAP0630" TokenRefused Error;
    /// The token endpoint is not found
    ///
    /// An `oauth2` authentication names an issuer (`authorizationServerUri`) and no token endpoint.
    /// The issuer's metadata tells it, at one of the well-known places of RFC 8414 and OpenID
    /// Connect; but none of them has a document, or the document is that of another issuer, which is
    /// what an attacker's would be.
    ///
    /// ```yaml
    /// authentication: { type: oauth2, authorizationServerUri: 'https://login.example.com/tenant', clientId: '{{ID}}', clientSecret: '{{SECRET}}' }
    /// ```
    ///
    /// Write the issuer exactly as the server's metadata has it, or name the endpoint itself:
    ///
    /// ```yaml
    /// authentication: { type: oauth2, tokenEndpoint: 'https://login.example.com/tenant/token', clientId: '{{ID}}', clientSecret: '{{SECRET}}' }
    /// ```
    "CAP0631" NoTokenEndpoint Error;
    /// A private key or a certificate cannot be used
    ///
    /// A signing key, a client's certificate or an authority is not what its place needs: it is not
    /// PEM, it is encrypted, it is a PKCS#12 file, or the key is of a kind that does not sign so. The
    /// text is a variable's value, or the file that `file:` names, relative to the capability.
    ///
    /// ```yaml
    /// authentication: { type: oauth1, consumerKey: '{{CONSUMER_KEY}}', signingKey: 'file:./signing-key.pem' }
    /// ```
    ///
    /// Turn what you have into a key in PEM without a password:
    ///
    /// ```sh
    /// openssl pkcs12 -in key.p12 -nocerts -nodes -out signing-key.pem
    /// openssl pkcs8 -in encrypted.pem -out signing-key.pem
    /// ```
    "CAP0632" UnusableKey Error;

    /// The API failed too often and is left alone
    ///
    /// A `circuitBreaker` counts the failures of an origin: no connection, no answer in time, 5xx.
    /// After as many in a row as it allows, calls fail at once, without a request, until its
    /// `cooldown` is over; then one request tries whether the API is back.
    ///
    /// ```yaml
    /// resilience:
    ///   circuitBreaker: { failures: 5, window: 60s, cooldown: 30s }
    /// ```
    ///
    /// Wait for the time that the message names, or find out why the API fails: the errors before
    /// this one say it. `circuitBreaker: false` on an operation takes it out. The exit code is 5.
    "CAP0640" CircuitOpen Error;
    /// The rate limit leaves no room before the deadline
    ///
    /// A `rateLimit` spaces the requests to an origin, or bounds how many are under way, and so many
    /// wait already that this one would be sent after its deadline. Nothing was sent.
    ///
    /// ```yaml
    /// resilience:
    ///   rateLimit: { requests: 10, per: 1s, burst: 5, concurrency: 4 }
    ///   timeout: { total: 5m }
    /// ```
    ///
    /// Allow more requests, if the API does; give the call more time with `timeout.total` or
    /// `--timeout`; or call with a lower `--concurrency`, so that fewer calls wait. The exit code
    /// is 5.
    "CAP0641" HeldBack Error;

    /// A pagination names no parameter of its operation
    ///
    /// `pagination` says how the pages of a list are followed; its `parameter` is the input of the
    /// operation that asks for the next page. The name is not among the inputs, so that no second
    /// page could ever be asked for.
    ///
    /// Wrong:
    ///
    /// ```yaml
    /// inputParameters:
    ///   cursor: { in: query, required: false }
    /// pagination: { type: cursor, parameter: next_cursor, next: $.next_cursor }
    /// ```
    ///
    /// Right:
    ///
    /// ```yaml
    /// inputParameters:
    ///   cursor: { in: query, required: false }
    /// pagination: { type: cursor, parameter: cursor, next: $.next_cursor }
    /// ```
    "CAP0650" BadPagination Error;
    /// Nothing says how the pages are followed
    ///
    /// `--all` follows a list from page to page, and needs to know how the API asks for the next
    /// one. Common names of parameters (`next_token`, `cursor`, `page_token`, `offset`, `page`) are
    /// recognised; this operation has none of them.
    ///
    /// Say it in the file, on the operation:
    ///
    /// ```yaml
    /// pagination: { type: link }
    /// ```
    ///
    /// or, for a file that is not yours, in `capstan.toml`:
    ///
    /// ```sh
    /// [namespace.shop.operations.listOrders.pagination]
    /// type = "cursor"
    /// parameter = "after"
    /// next = "$.paging.after"
    /// ```
    ///
    /// The types are `cursor`, `offset`, `page`, `link`, `nextLink` and `keyset`.
    "CAP0651" NoPagination Error;
    /// The pages lead in a circle
    ///
    /// An answer gave a token, a link or a key that an earlier page had given already, or a page
    /// is the one before again. Going on would never end, so Capstan stops; what was read before
    /// was printed.
    ///
    /// Mostly the API does not know the parameter that asks for the next page and gives the first
    /// page each time. Compare its name with the API's documentation, and where the next token
    /// stands in the answer:
    ///
    /// ```yaml
    /// pagination: { type: cursor, parameter: page_token, next: $.nextPageToken }
    /// ```
    "CAP0652" EndlessPages Error;
    /// The next page lies at another origin
    ///
    /// A `Link` header or a link in the body leads to another scheme, host or port than the base
    /// URI of the operation. Following it would hand the credential to a machine that the
    /// capability does not name, so Capstan stops; what was read before was printed.
    ///
    /// If the other origin is the API's own, make it the base URI, in the file or with
    /// `--base-uri`:
    ///
    /// ```yaml
    /// baseUri: https://api.example.com
    /// ```
    ///
    /// An API behind a proxy that writes `http://` links, or the proxy's inner name, has to mend
    /// them; an `offset` or `page` pagination works without links.
    "CAP0653" RefusedPage Error;
    /// A page does not tell what is needed to go on
    ///
    /// Pages by offset, number or key end with an empty page, so the list of items has to be found
    /// in the answer. Without `items` that is the body itself, the only output that is a list, or
    /// the only list at the top of the body; here there is none, or there are several.
    ///
    /// Name it:
    ///
    /// ```yaml
    /// pagination: { type: page, parameter: page, items: $.result.orders }
    /// ```
    ///
    /// An `items` that is declared has to be found, too, for otherwise a slip in it, or an answer
    /// that is no page at all, would look like the end of the list. An empty list, null, an answer
    /// without anything, and a later page that only leaves the list out are ends of a list.
    ///
    /// With `keyset`, the last item must have the value that `key` names; with `cursor`, there must
    /// be a token where `more` says that there is another page.
    "CAP0654" UnclearPage Error;
    /// A row cannot be read
    ///
    /// `--each` makes a call for every row of a file. This row is no row: a line that is not a JSON
    /// object, a line of separated values with more or fewer cells than the header, bytes that are
    /// not UTF-8, a cell with text behind its closing quote (a row without its closing quote looks so,
    /// where a later row has one). It counts as failed, nothing is sent for it, and the run goes on.
    ///
    /// A quote that is never closed ends the run, since all that is behind it may be rows: those before
    /// are done, and `--resume` calls the others once the file is mended.
    ///
    /// Wrong:
    ///
    /// ```sh
    /// printf 'code,name\norg_1,Acme, Inc.\n' | capstan call shop.yaml rename --each - --each-format csv
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// printf 'code,name\norg_1,"Acme, Inc."\n' | capstan call shop.yaml rename --each - --each-format csv
    /// ```
    ///
    /// With `--failures FILE` the row is kept with its number, its line and its text.
    "CAP0660" BadRow Error;
    /// A column is no parameter
    ///
    /// With `--each` every column of the rows is a parameter of the operation. This one is none, or
    /// two are the same one; nothing was sent. The columns are those of the header, or the names in
    /// the first JSON object.
    ///
    /// Wrong, for a parameter `code`:
    ///
    /// ```sh
    /// capstan call shop.yaml getOrder --each orders.csv   # id,comment
    /// ```
    ///
    /// Right:
    ///
    /// ```sh
    /// capstan call shop.yaml getOrder --each orders.csv --each-map id=code --each-map comment=
    /// ```
    ///
    /// `--each-map '*='` leaves out all columns that are no parameters.
    "CAP0661" UnknownColumn Error;
    /// The run cannot go on
    ///
    /// `--resume` goes on with a run that was interrupted. What is done stands in the journal beside
    /// the results; that journal is missing, is of a run with another file, operation, parameters or
    /// rows, the rows have changed since, or what was written for them is no longer there. The same code is given where a run would begin anew and
    /// destroy the results of one that was interrupted. Nothing was sent.
    ///
    /// Go on with the arguments of the first time:
    ///
    /// ```sh
    /// capstan call shop.yaml getOrder --each orders.csv --results out.jsonl --resume
    /// ```
    ///
    /// or begin anew:
    ///
    /// ```sh
    /// rm out.jsonl.journal
    /// capstan call shop.yaml getOrder --each orders.csv --results out.jsonl
    /// ```
    "CAP0662" OtherRun Error;

    /// The file for the answer cannot be written
    ///
    /// `--output` writes the answer into a file beside the final one, named like it with `.part`
    /// behind, and gives it the final name when all of it is there. One of the two cannot be
    /// written: the folder is not there or not yours, the disk is full, or the name is that of a
    /// folder.
    ///
    /// What was received before a disk was full stays in the `.part` file. When there is room
    /// again, go on with it:
    ///
    /// ```sh
    /// capstan call capability.yaml getReport --output report.pdf --continue
    /// ```
    "CAP0670" OutputFile Error;
    /// Another part of the body came than was asked for
    ///
    /// `--continue` asks for the bytes behind those that are there already (`Range`, RFC 9110). The
    /// API answered with a part, but its `Content-Range` does not say that it is this one. Putting
    /// it behind the others would make a broken file, so Capstan stops; the `.part` file stays as
    /// it was.
    ///
    /// Mostly a cache or a proxy between the two answers ranges wrongly. Load the whole body:
    ///
    /// ```sh
    /// capstan call capability.yaml getReport --output report.pdf
    /// ```
    "CAP0671" BadRange Error;
    /// A record of a stream is larger than allowed
    ///
    /// Server-sent events and JSON lines are printed record by record; each has to fit into memory.
    /// One of them is larger than 16 MiB, or than `--max-response`. What came before was printed.
    ///
    /// Mostly the answer is no stream of records, whatever its content type says: one JSON value in
    /// a single long line, for instance. Look at its beginning as it is:
    ///
    /// ```sh
    /// capstan call capability.yaml watchOrders --format raw | head -c 2000
    /// ```
    ///
    /// If the record is a real one, allow it with `--max-response 100MiB`.
    "CAP0672" RecordTooLarge Error;
    /// A file that is to be sent cannot be read
    ///
    /// A parameter written `name=@file` sends the bytes of the file. It is not there, cannot be
    /// read, or changed its size after the call began, so that the length that was announced is no
    /// longer right. In the last case the upstream got a part of a body, and does not take it for a
    /// whole one.
    ///
    /// Send a file that nobody writes to, for instance a copy of it:
    ///
    /// ```sh
    /// cp app.log snapshot.log
    /// capstan call capability.yaml uploadLog file=@snapshot.log
    /// ```
    "CAP0673" UploadFile Error;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_ascending_and_of_one_form() {
        assert!(Code::ALL.is_sorted_by(|a, b| a.as_str() < b.as_str()));
        for code in Code::ALL {
            let digits = code.as_str().strip_prefix("CAP").expect("every code begins with CAP");
            assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
    }

    #[test]
    fn a_code_is_found_by_its_print() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
        }
        assert_eq!(Code::parse(" cap102 "), Some(Code::WrongType));
        assert_eq!(Code::parse("102"), Some(Code::WrongType));
        assert_eq!(Code::parse("CAP9999"), None);
        assert_eq!(Code::parse("CAP"), None);
    }

    #[test]
    fn titles_are_one_line_without_a_period() {
        for code in Code::ALL {
            let title = code.title();
            assert!(!title.is_empty() && title.len() <= 72 && !title.ends_with('.'), "{code}: {title}");
        }
    }

    #[test]
    fn pages_explain() {
        for code in Code::ALL {
            let page = code.page();
            let mut lines = page.lines();
            assert_eq!((lines.next(), lines.next()), (Some(code.title()), Some("")), "{code}");
            let words = page.split_whitespace().count();
            assert!((40..=200).contains(&words), "{code} has {words} words");
            assert!(page.lines().all(|line| line.trim_end() == line), "{code}: blanks at a line's end");
        }
    }

    #[test]
    fn examples_stand_in_closed_fences_of_a_known_language() {
        for code in Code::ALL {
            let page = code.page();
            let fences: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("```")).collect();
            for pair in fences.chunks(2) {
                assert!(matches!(pair, ["yaml" | "sh", ""]), "{code}: {pair:?}");
            }
        }
    }
}
