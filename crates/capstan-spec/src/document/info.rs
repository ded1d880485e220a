//! `info`: who made the capability, and what for.

use crate::reader::{Text, record};

record! {
    /// What the capability is (specification, "Info").
    pub struct Info is "info" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label" folk "title" folk "name";
        /// What it does.
        description: Option<Text> = "description";
        /// Words to find it by.
        tags: Vec<Text> = "tags";
        /// The day it was made, `YYYY-MM-DD`.
        created: Option<Text> = "created";
        /// The day it was last changed, `YYYY-MM-DD`.
        modified: Option<Text> = "modified";
        /// The version of the capability itself.
        version: Option<Text> = "version";
        /// The people behind it.
        stakeholders: Vec<Person> = "stakeholders";
    }
}

record! {
    /// Somebody behind the capability (specification, "Person").
    pub struct Person is "a stakeholder" {
        /// What the person does.
        role: Option<Text> = "role";
        /// The full name.
        full_name: Option<Text> = "fullName";
        /// The e-mail address.
        email: Option<Text> = "email";
    }
}
