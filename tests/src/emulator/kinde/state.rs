//! What the business knows, and how a case presets it.

use serde_json::{Value, json};

/// How a business starts; a case writes it as `key = value` lines under `--- server kinde`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preset {
    /// The one bearer token that is let in: `token`.
    pub(crate) token: String,
    /// How many organizations there are, Acme first: `organizations`.
    pub(crate) organizations: usize,
    /// How many users Acme has: `members`.
    pub(crate) members: usize,
    /// Seconds in `Retry-After`: `retry-after`.
    pub(crate) retry_after_s: u32,
    /// A status that answers everything: `fault`.
    pub(crate) fault: Option<u16>,
}

impl Preset {
    /// Reads the lines of a case's `server` section.
    pub(crate) fn parse(text: &str) -> Result<Preset, String> {
        let mut preset = Preset {
            token: "kinde-test-token".to_owned(),
            organizations: 2,
            members: 2,
            retry_after_s: 7,
            fault: None,
        };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (key, value) = line.split_once('=').ok_or_else(|| format!("`{line}` has no `=`"))?;
            preset.set(key.trim(), value.trim())?;
        }
        Ok(preset)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let number = || value.parse().map_err(|_| format!("`{value}` is no number"));
        match key {
            "token" => self.token = value.to_owned(),
            "organizations" => self.organizations = number()?,
            "members" => self.members = number()?,
            "retry-after" => self.retry_after_s = number()? as u32,
            "fault" => self.fault = Some(number()? as u16),
            _ => return Err(format!("`{key}` cannot be preset")),
        }
        Ok(())
    }
}

/// An organization with all that hangs on it.
pub(super) struct Organization {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) handle: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) members: Vec<Member>,
    pub(super) flags: Vec<(String, String)>,
}

impl Organization {
    fn new(code: &str, name: &str, handle: Option<&str>) -> Organization {
        Organization {
            code: code.to_owned(),
            name: name.to_owned(),
            handle: handle.map(str::to_owned),
            external_id: None,
            members: Vec::new(),
            flags: Vec::new(),
        }
    }

    /// As it stands in a list.
    pub(super) fn summary(&self) -> Value {
        json!({
            "code": self.code,
            "name": self.name,
            "handle": self.handle,
            "is_default": false,
            "external_id": self.external_id,
            "is_auto_membership_enabled": false,
        })
    }

    /// As it is shown alone.
    pub(super) fn details(&self) -> Value {
        let mut details = self.summary();
        details["logo"] = Value::Null;
        details["allowed_domains"] = json!([]);
        details["link_color"] = json!({"raw": "#0056F1", "hex": "#0056F1"});
        details
    }
}

/// A user within an organization.
pub(super) struct Member {
    pub(super) id: String,
    pub(super) roles: Vec<String>,
}

impl Member {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "email": format!("{}@example.com", self.id),
            "full_name": format!("User {}", self.id),
            "joined_on": "2026-01-01T00:00:00Z",
            "is_suspended": false,
            "roles": self.roles,
        })
    }
}

/// Everything.
pub(super) struct State {
    pub(super) organizations: Vec<Organization>,
    /// The users that the business knows, members or not.
    users: Vec<String>,
    /// The feature flags that can be overridden.
    pub(super) flags: Vec<String>,
}

impl State {
    pub(super) fn new(preset: &Preset) -> State {
        let mut acme = Organization::new("org_1ccfb819462", "Acme Corp", Some("acme_corp"));
        let users: Vec<String> = (1..=preset.members + 2).map(|n| format!("kp_{n:04}")).collect();
        let roles = [vec!["admin".to_owned(), "manager".to_owned()], vec![]];
        acme.members = (users.iter().take(preset.members).enumerate())
            .map(|(n, id)| Member { id: id.clone(), roles: roles[n % 2].clone() })
            .collect();
        let mut organizations = vec![acme];
        organizations.extend(
            (2..=preset.organizations)
                .map(|n| Organization::new(&format!("org_{n:011}"), &format!("Organization {n}"), None)),
        );
        organizations.truncate(preset.organizations);
        State { organizations, users, flags: vec!["new_dashboard".into(), "seat limit/2".into()] }
    }

    pub(super) fn organization_mut(&mut self, code: &str) -> Option<&mut Organization> {
        self.organizations.iter_mut().find(|organization| organization.code == code)
    }

    pub(super) fn add_organization(&mut self, name: &str, handle: Option<&str>) -> String {
        let code = format!("org_new{}", self.organizations.len() + 1);
        self.organizations.push(Organization::new(&code, name, handle));
        code
    }

    /// A membership of a user whom the business knows.
    pub(super) fn member(&self, id: &str, roles: Option<&Value>) -> Option<Member> {
        let known = self.users.iter().any(|user| user == id);
        let roles = roles.and_then(Value::as_array).into_iter().flatten();
        let roles = roles.filter_map(|role| role.as_str().map(str::to_owned)).collect();
        known.then(|| Member { id: id.to_owned(), roles })
    }
}
