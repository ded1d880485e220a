//! A capability becomes a plan; a plan and parameters become data.
//!
//! ```text
//! Capability → compile → Plan → bind → Engine → call(Invocation) → Outcome
//! ```
//!
//! Three lines take a file to data:
//!
//! ```no_run
//! # async fn example() -> Result<(), capstan_engine::CallError> {
//! use capstan_engine::{Engine, Invocation};
//!
//! let engine = Engine::open("capabilities/kinde-organizations.yaml")?;
//! let outcome = engine.call(Invocation::new("getOrganization").param("code", "org_1")).await?;
//! println!("{}", outcome.outputs.to_value());
//! # Ok(()) }
//! ```
//!
//! An [`Engine`] is a cheap clone that many tasks share. It prints nothing and holds no global
//! state. The network, the environment and the files come in through [`EngineBuilder`] and can be
//! replaced there.

mod attachment;
mod auth;
pub mod bindings;
pub mod cache;
mod compile;
mod date;
pub mod decode;
mod download;
mod encode;
mod engine;
mod error;
mod exchange;
pub mod jsonpath;
pub mod limits;
mod load;
mod observe;
mod outcome;
mod overrides;
mod pages;
mod pattern;
mod pem;
mod plan;
pub mod range;
mod records;
mod render;
pub mod upstream;
mod value;
mod variables;

pub use attachment::Attachment;
pub use capstan_spec as spec;
pub use download::Download;
pub use engine::{Engine, EngineBuilder, Invocation, Streamed};
pub use error::{CallError, ErrorKind, FailedResponse};
pub use exchange::CallLimits;
pub use load::{Loaded, load, load_amended, load_text};
pub use observe::{Caching, Event, Observer};
pub use outcome::{Outcome, Output, Outputs};
pub use overrides::{AuthOverride, Overrides, TlsOverride};
pub use pages::{Doubt, Page, PageLimits, Pages, Resume};
pub use plan::{
    Catalogue, FixedView, InputView, ListStyle, OperationId, OperationView, OutputView, PaginationView, Place, Plan,
    Rate,
};
pub use records::{Record, Records};
pub use render::Reveal;
pub use variables::VariableState;
