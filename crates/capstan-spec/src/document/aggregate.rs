//! `aggregates`: flows that several exposed operations share.

use super::collection::Named;
use super::output::OutputParameter;
use super::parameter::InputParameter;
use super::step::{Call, Mapping, Step, With};
use crate::reader::{Text, record};
use crate::source::Spanned;

record! {
    /// A set of flows (specification, "Aggregate").
    pub struct Aggregate is "an aggregate", named by "namespace" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label" folk "name";
        /// Names it in `ref: namespace.flow`.
        namespace: Option<Text> = "namespace";
        /// What it is.
        description: Option<Text> = "description";
        /// Its flows. Alpha versions wrote `functions`.
        flows: Named<Flow> = "flows" or "functions";
    }
}

record! {
    /// A flow of an aggregate (specification, "Aggregate Flow"; alpha: "Aggregate Function").
    pub struct Flow is "a flow" {
        /// The name that people see.
        display: Option<Text> = "display" or "label";
        /// What it does.
        description: Option<Text> = "description";
        /// Words to find it by.
        tags: Vec<Text> = "tags";
        /// What may be assumed of it.
        semantics: Option<Semantics> = "semantics";
        /// The media type of a binary result.
        output_media_type: Option<Text> = "outputMediaType";
        /// Its parameters.
        input_parameters: Named<InputParameter> = "inputParameters";
        /// The operation it calls.
        call: Option<Call> = "call";
        /// Values for the call.
        with: With = "with";
        /// Its steps.
        steps: Named<Step> = "steps";
        /// How the result is built from the steps.
        mappings: Vec<Mapping> = "mappings";
        /// Its outputs.
        output_parameters: Named<OutputParameter> = "outputParameters";
    }
}

record! {
    /// What may be assumed of a flow (RFC 9110, section 9.2).
    pub struct Semantics is "semantics" {
        /// Whether it changes nothing.
        safe: Option<Spanned<bool>> = "safe";
        /// Whether doing it twice is doing it once.
        idempotent: Option<Spanned<bool>> = "idempotent";
        /// Whether its result may be kept.
        cacheable: Option<Spanned<bool>> = "cacheable";
    }
}
