//! Lists: the engine's side of [`Pages`].

use capstan_spec::diagnostic::Code;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{Engine, Inner, Invocation, stream};
use crate::decode::{Notices, decode_page};
use crate::error::CallError;
use crate::outcome::Outcome;
use crate::overrides::BoundCredential;
use crate::pages::{Doubt, Follower, Lost, PageLimits, Pages, Resume, Seen, Step};
use crate::plan::{Auth, Credential, Operation, OperationId, Pagination, Source};
use crate::render::{Rendered, Reveal};

/// A page that came.
pub(crate) struct Fetched {
    pub(crate) outcome: Outcome,
    body: Value,
    url: String,
    home: String,
}

impl Engine {
    /// Follows a list from page to page. Each page is a call of its own, with the limits of one.
    ///
    /// # Errors
    /// The operation is not there, or nothing says how its pages are followed.
    pub fn pages(&self, invocation: Invocation, limits: PageLimits) -> Result<Pages, CallError> {
        let id = self.inner.plan.find(&invocation.operation)?;
        let operation = self.inner.plan.operation(id);
        if operation.pagination.is_none() {
            return Err(self.inner.without_pages(operation));
        }
        let next = invocation.page_url.map(Resume::Url);
        Ok(Pages::new(self.clone(), id, invocation.params, next, limits))
    }

    /// Whether the parameters themselves ask for a page.
    pub(crate) fn asks_for_page(&self, id: OperationId, params: &Map<String, Value>) -> bool {
        let operation = self.inner.plan.operation(id);
        let parameter = operation.pagination.as_ref().and_then(|pagination| pagination.advance.parameter());
        parameter.is_some_and(|id| params.contains_key(&*operation.inputs[id.index()].name))
    }

    /// Asks for one page: with parameters, or at a URL that a page gave.
    pub(crate) async fn page(
        &self,
        id: OperationId,
        params: &Map<String, Value>,
        url: Option<&str>,
    ) -> Result<Fetched, CallError> {
        let inner = &*self.inner;
        inner.page(inner.plan.operation(id), params, url).await.map_err(|error| inner.guard(error))
    }

    /// Decides what comes after a page.
    ///
    /// # Errors
    /// The page itself cannot be used.
    pub(crate) fn follow(
        &self,
        id: OperationId,
        follower: &mut Follower,
        params: &Map<String, Value>,
        fetched: &Fetched,
    ) -> Result<Step<CallError>, CallError> {
        let inner = &*self.inner;
        let operation = inner.plan.operation(id);
        let Some(pagination) = &operation.pagination else { return Err(inner.without_pages(operation)) };
        let Fetched { outcome, body, url, home } = fetched;
        let lone_is_list = operation.outputs.decode.lone_is_list();
        let seen = Seen { headers: &outcome.headers, body, outputs: &outcome.outputs, url, home, lone_is_list };
        let explain = |lost| inner.guard(inner.lost(operation, pagination, lost));
        let Step { items, next, doubt } = follower.step(pagination, operation, params, &seen).map_err(explain)?;
        let next = next.map_err(explain).map(|next| match next {
            // An API may write the key that it was asked with into its links.
            Some(Resume::Url(url)) => Some(Resume::Url(without_pairs(&url, &inner.credential_names(operation)))),
            next => next,
        });
        let doubt = doubt.map(|doubt| Doubt { text: inner.scrubber.scrub(&doubt.text).into_owned(), ..doubt });
        Ok(Step { items, next, doubt })
    }
}

impl Inner {
    async fn page(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        url: Option<&str>,
    ) -> Result<Fetched, CallError> {
        let mut rendered = self.prepare(operation, params, Reveal::Secret)?;
        let home = rendered.request.url.clone();
        if let Some(url) = url {
            self.turn_to(operation, &mut rendered, url)?;
        }
        let response = self.answer(operation, params, rendered).await?;
        let url = response.url.clone();
        let mut notices = Notices::default();
        let read = match stream::framing(operation, &response.headers) {
            Some(framing) => self.collected(operation, framing, &response, &mut notices).map(|outputs| {
                let body = outputs.to_value();
                (outputs, body)
            }),
            None => decode_page(&operation.outputs, &response.headers, &response.body, &mut notices),
        };
        let (outputs, body) = match read {
            Ok((outputs, body)) => (Ok(outputs), body),
            Err(error) => (Err(error), Value::Null),
        };
        let outcome = self.finished(operation, params, response, outputs, notices)?;
        Ok(Fetched { outcome, body, url, home })
    }

    /// Sends a request to the URL that a page gave, which must be of the same origin. A credential
    /// in the query comes along where the URL lacks it.
    fn turn_to(&self, operation: &Operation, rendered: &mut Rendered, url: &str) -> Result<(), CallError> {
        let home = std::mem::take(&mut rendered.request.url);
        let target = url::Url::parse(url);
        let is_home = target.as_ref().is_ok_and(|to| url::Url::parse(&home).is_ok_and(|h| h.origin() == to.origin()));
        if !is_home {
            let error = CallError::new(Code::RefusedPage, "the page lies at another origin than the operation");
            return Err(error
                .at(self.plan.locate(operation.span))
                .with_help("begin at a URL that this operation gave"));
        }
        let names = self.credential_names(operation);
        let mut text = without_pairs(url, &names);
        for pair in names.iter().filter_map(|name| pairs(&home).find(|pair| is_named(pair, name))) {
            text.push(if text.contains('?') { '&' } else { '?' });
            text.push_str(pair);
        }
        rendered.request.url = text;
        Ok(())
    }

    /// The encoded names of the query parameters that hold what the document binds.
    fn credential_names<'a>(&'a self, operation: &'a Operation) -> Vec<&'a str> {
        let mut names = Vec::new();
        match &self.overrides.auth {
            Some(BoundCredential::Query(name, _)) => names.push(&**name),
            Some(_) => {}
            None => {
                if let Auth::Credentials(credentials) = &operation.request.auth {
                    names.extend(credentials.iter().filter_map(|credential| match credential {
                        Credential::Query(name, _) => Some(&**name),
                        Credential::Bearer(_)
                        | Credential::Basic(..)
                        | Credential::Header(..)
                        | Credential::Cookie(..) => None,
                    }));
                }
            }
        }
        let tainted = operation.request.query.iter().filter(|query| match &query.value {
            Source::Template(template) => template.has_variable(),
            Source::Input(_) | Source::Json(_) => false,
        });
        names.extend(tainted.map(|query| &*query.name));
        names.extend(self.overrides.queries.iter().filter(|(_, value)| value.is_secret()).map(|(name, _)| &**name));
        names
    }

    fn without_pages(&self, operation: &Operation) -> CallError {
        let message = format!("nothing says how the pages of `{}` are followed", operation.name);
        CallError::new(Code::NoPagination, message)
            .at(self.plan.locate(operation.span))
            .with_help("say it with `pagination:` on the operation, or in capstan.toml: see `capstan explain CAP0651`")
    }

    fn lost(&self, operation: &Operation, pagination: &Pagination, lost: Lost) -> CallError {
        let kind = pagination.advance.kind();
        let (code, message, help) = match lost {
            Lost::Circle(why) => (Code::EndlessPages, why, "check the `pagination` of the operation".to_owned()),
            Lost::Astray(origin) => (
                Code::RefusedPage,
                format!("the next page lies at another origin, {origin}"),
                "credentials stay with the origin of the base URI; if that is the API's own, make it the base URI"
                    .to_owned(),
            ),
            Lost::Unclear(why) => {
                (Code::UnclearPage, why, "name the list: `items: $.…` in the `pagination`".to_owned())
            }
            Lost::Nowhere(why) => {
                (Code::UnclearPage, why, "name the token: `next: $.…` in the `pagination`".to_owned())
            }
        };
        let how = if pagination.is_recognised { "recognised as" } else { "of type" };
        let error = CallError::new(code, format!("`{}`: {message}", operation.name));
        error.detail(format!("the pagination is {how} `{kind}`")).at(self.plan.locate(operation.span)).with_help(help)
    }
}

/// The pairs of a query, encoded.
fn pairs(url: &str) -> impl Iterator<Item = &str> {
    let url = url.split('#').next().unwrap_or(url);
    url.split_once('?').map_or("", |(_, query)| query).split('&').filter(|pair| !pair.is_empty())
}

fn is_named(pair: &str, name: &str) -> bool {
    let found = pair.split('=').next().unwrap_or("");
    found == name || percent_decode_str(found).eq(percent_decode_str(name))
}

/// A URL without its fragment and without the pairs of these names.
fn without_pairs(url: &str, names: &[&str]) -> String {
    let url = url.split('#').next().unwrap_or(url);
    let Some((path, _)) = url.split_once('?') else { return url.to_owned() };
    let kept: Vec<&str> = pairs(url).filter(|pair| !names.iter().any(|name| is_named(pair, name))).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}
