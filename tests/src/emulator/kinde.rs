//! A business on Kinde, in memory: organizations, their users, roles and feature flags.
//!
//! Answers the eight operations of `capabilities/kinde-organizations.yaml` with the shapes of the
//! published Management API. Where that file's paths differ from the published ones (creating at
//! `/organizations`, updating at `/organization?org_code=`) both are served. Statuses: 401 for a
//! missing or wrong bearer token, 403 for `forbidden-token`, 429 with `Retry-After` for
//! `busy-token`, 404 for what a path names and nobody has, 400 for a parameter that cannot be.

mod state;

use std::sync::Mutex;

use serde_json::{Value, json};

use super::{Received, Reply, Server, percent_decode};
pub(crate) use state::Preset;
use state::{Organization, State};

/// The pages of a list hold at most this many.
const PAGE_SIZE_MAX: usize = 500;
const PAGE_SIZE_DEFAULT: usize = 10;

/// A refusal, made into Kinde's shape at the end.
struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

type Answer = Result<Value, Refusal>;

fn bad_request(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status: 400, code, message: message.into() }
}

fn not_found(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status: 404, code, message: message.into() }
}

/// Starts a business in the state that the preset describes.
pub(crate) fn start(preset: &Preset) -> Server {
    let state = Mutex::new(State::new(preset));
    let preset = preset.clone();
    Server::start(move |request| {
        let answer = admit(request, &preset).and_then(|()| {
            let mut state = state.lock().expect("no holder of this lock panics");
            route(request, &mut state)
        });
        reply(answer, &preset)
    })
}

fn reply(answer: Answer, preset: &Preset) -> Reply {
    let refusal = match answer {
        Ok(value) => return Reply::json(200, &value),
        Err(refusal) => refusal,
    };
    let error = json!({"code": refusal.code, "message": refusal.message});
    // The published API wraps a 404 in an object and everything else in a list.
    let errors = if refusal.status == 404 { error } else { json!([error]) };
    let reply = Reply::json(refusal.status, &json!({"errors": errors}));
    match refusal.status {
        429 => reply.header("retry-after", &preset.retry_after_s.to_string()),
        _ => reply,
    }
}

/// Whether the caller may call at all.
fn admit(request: &Received, preset: &Preset) -> Result<(), Refusal> {
    if let Some(status) = preset.fault {
        return Err(Refusal { status, code: "FAULT", message: "The service is failing".into() });
    }
    let authorization = request.header("authorization").unwrap_or_default();
    let refuse = |status, code, message: &str| Err(Refusal { status, code, message: message.into() });
    match authorization.strip_prefix("Bearer ") {
        Some("forbidden-token") => refuse(403, "FORBIDDEN", "The token lacks the scope of this call"),
        Some("busy-token") => refuse(429, "TOO_MANY_REQUESTS", "Request was throttled"),
        Some(token) if token == preset.token => Ok(()),
        Some(_) => refuse(401, "TOKEN_INVALID", "The access token is invalid"),
        None => refuse(401, "TOKEN_MISSING", "An access token is required"),
    }
}

fn route(request: &Received, state: &mut State) -> Answer {
    let path = request.path().strip_prefix("/api/v1/").unwrap_or("");
    let segments: Vec<String> = path.split('/').map(|s| percent_decode(s, false)).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["organizations"]) => list_organizations(request, state),
        ("POST", ["organizations"] | ["organization"]) => create_organization(request, state),
        ("GET", ["organization"]) => get_organization(request, state),
        ("PATCH", ["organization"]) => update_organization(&required_query(request, "org_code")?, request, state),
        ("PATCH", ["organization", code]) => update_organization(code, request, state),
        ("GET", ["organizations", code, "users"]) => list_users(code, request, state),
        ("POST", ["organizations", code, "users"]) => add_users(code, request, state),
        ("GET", ["organizations", code, "users", user, "roles"]) => list_roles(code, user, state),
        ("PATCH", ["organizations", code, "feature_flags", key]) => override_flag(code, key, request, state),
        _ => Err(not_found("ROUTE_NOT_FOUND", "The requested API route does not exist")),
    }
}

fn required_query(request: &Received, name: &str) -> Result<String, Refusal> {
    let value = request.parameter(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| bad_request("PARAMETER_MISSING", format!("{name} is required")))
}

/// The slice of a list that `page_size` and `next_token` ask for, and the token of the next one.
fn page(request: &Received, total: usize) -> Result<(std::ops::Range<usize>, Value), Refusal> {
    let size = match request.parameter("page_size") {
        None => PAGE_SIZE_DEFAULT,
        Some(text) => text.parse().unwrap_or(0),
    };
    if !(1..=PAGE_SIZE_MAX).contains(&size) {
        let message = format!("page_size must be a whole number from 1 to {PAGE_SIZE_MAX}");
        return Err(bad_request("PAGE_SIZE_INVALID", message));
    }
    let start = match request.parameter("next_token") {
        None => Some(0),
        Some(token) => token.strip_prefix("after-").and_then(|text| text.parse().ok()),
    };
    let start = start.filter(|start| *start <= total);
    let start = start.ok_or_else(|| bad_request("NEXT_TOKEN_INVALID", "next_token is not ours"))?;
    let end = total.min(start + size);
    let next = if end < total { Value::from(format!("after-{end}")) } else { Value::Null };
    Ok((start..end, next))
}

fn list_organizations(request: &Received, state: &State) -> Answer {
    let (range, next) = page(request, state.organizations.len())?;
    let items: Vec<Value> = state.organizations[range].iter().map(Organization::summary).collect();
    Ok(json!({"code": "OK", "message": "Success", "organizations": items, "next_token": next}))
}

fn get_organization(request: &Received, state: &State) -> Answer {
    let code = required_query(request, "code")?;
    let found = state.organizations.iter().find(|organization| organization.code == code);
    let unknown = || bad_request("ORGANIZATION_NOT_FOUND", format!("No organization `{code}`"));
    found.map(Organization::details).ok_or_else(unknown)
}

/// The body as a JSON object; Kinde takes nothing else.
fn body(request: &Received) -> Result<serde_json::Map<String, Value>, Refusal> {
    let media_type = request.header("content-type").unwrap_or_default();
    if !media_type.starts_with("application/json") {
        return Err(bad_request("CONTENT_TYPE_INVALID", "The body must be application/json"));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(bad_request("BODY_INVALID", "The body must be a JSON object")),
    }
}

fn create_organization(request: &Received, state: &mut State) -> Answer {
    let body = body(request)?;
    let name = body.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| bad_request("NAME_REQUIRED", "name is required"))?;
    let handle = body.get("handle").and_then(Value::as_str);
    if handle.is_some() && state.organizations.iter().any(|o| o.handle.as_deref() == handle) {
        return Err(bad_request("HANDLE_TAKEN", "The handle belongs to another organization"));
    }
    let code = state.add_organization(name, handle);
    Ok(json!({"code": "OK", "message": "Success", "organization": {"code": code}}))
}

fn update_organization(code: &str, request: &Received, state: &mut State) -> Answer {
    let body = body(request)?;
    let unknown = || bad_request("ORGANIZATION_NOT_FOUND", format!("No organization `{code}`"));
    let organization = state.organization_mut(code).ok_or_else(unknown)?;
    for (key, value) in body {
        match (key.as_str(), value) {
            ("name", Value::String(name)) if !name.is_empty() => organization.name = name,
            ("handle", Value::String(handle)) => organization.handle = Some(handle),
            ("external_id", Value::String(id)) => organization.external_id = Some(id),
            (key, _) => {
                return Err(bad_request("FIELD_INVALID", format!("{key} cannot be updated so")));
            }
        }
    }
    Ok(success())
}

fn success() -> Value {
    json!({"code": "OK", "message": "Success"})
}

fn in_path<'a>(code: &str, state: &'a mut State) -> Result<&'a mut Organization, Refusal> {
    let unknown = || not_found("ORGANIZATION_NOT_FOUND", format!("No organization `{code}`"));
    state.organization_mut(code).ok_or_else(unknown)
}

fn list_users(code: &str, request: &Received, state: &mut State) -> Answer {
    let organization = in_path(code, state)?;
    let (range, next) = page(request, organization.members.len())?;
    let users: Vec<Value> = organization.members[range].iter().map(|m| m.to_json()).collect();
    Ok(json!({
        "code": "OK", "message": "Success", "organization_users": users, "next_token": next,
    }))
}

fn add_users(code: &str, request: &Received, state: &mut State) -> Answer {
    in_path(code, state)?;
    let body = body(request)?;
    let users = body.get("users").and_then(Value::as_array).filter(|users| !users.is_empty());
    let users = users.ok_or_else(|| bad_request("USERS_REQUIRED", "users must be a list"))?;
    let mut added = Vec::new();
    for user in users {
        let id = user.get("id").and_then(Value::as_str).unwrap_or_default();
        let unknown = || bad_request("USER_NOT_FOUND", format!("No user `{id}`"));
        let member = state.member(id, user.get("roles")).ok_or_else(unknown)?;
        in_path(code, state)?.members.push(member);
        added.push(id);
    }
    Ok(json!({"code": "USERS_ADDED", "message": "Success", "users_added": added}))
}

fn list_roles(code: &str, user: &str, state: &mut State) -> Answer {
    let organization = in_path(code, state)?;
    let member = organization.members.iter().find(|member| member.id == user);
    let unknown = || not_found("USER_NOT_FOUND", format!("No user `{user}` in `{code}`"));
    let roles: Vec<Value> = member.ok_or_else(unknown)?.roles.iter().map(|r| role(r)).collect();
    Ok(json!({"code": "OK", "message": "Success", "roles": roles, "next_token": null}))
}

fn role(key: &str) -> Value {
    json!({"id": format!("role_{key}"), "key": key, "name": key.to_uppercase()})
}

fn override_flag(code: &str, key: &str, request: &Received, state: &mut State) -> Answer {
    in_path(code, state)?;
    if !state.flags.iter().any(|flag| flag == key) {
        return Err(not_found("FEATURE_FLAG_NOT_FOUND", format!("No feature flag `{key}`")));
    }
    let value = required_query(request, "value")?;
    in_path(code, state)?.flags.push((key.to_owned(), value));
    Ok(success())
}
