//! `pagination`: how a list that comes in pages is followed. Not standard: the specification has
//! no word for it.
//!
//! JSONPaths are relative to the answer, or to the last item of a page where that is said.

use crate::reader::{Text, record, tagged};
use crate::source::Spanned;

tagged! {
    /// How the next page is asked for; not standard.
    pub enum Pagination is "a pagination" by "type" {
        /// By a token that the answer gives.
        Cursor(Cursor) = "cursor" folk "token" folk "nextToken";
        /// By the number of items to leave out.
        Offset(Offset) = "offset" folk "skip";
        /// By the number of the page.
        Page(PageNumber) = "page" folk "pageNumber";
        /// By the `Link` header of the answer (RFC 8288).
        Link(Link) = "link" folk "linkHeader";
        /// By a link in the body of the answer.
        NextLink(NextLink) = "nextLink" folk "bodyLink";
        /// By a value of the last item.
        Keyset(Keyset) = "keyset" folk "seek";
    }
}

record! {
    /// Pages by a token that each answer gives for the next.
    pub struct Cursor is "a cursor pagination", tag "type" = "cursor" {
        /// The parameter that the token is sent in.
        parameter: Option<Text> = "parameter" folk "param";
        /// The token in the answer.
        next: Option<Text> = "next" folk "cursor";
        /// Whether there is a next page, where the answer says so.
        more: Option<Text> = "more" folk "hasMore";
        /// The list in the answer; absent, the only one.
        items: Option<Text> = "items";
    }
}

record! {
    /// Pages by the number of items to leave out.
    pub struct Offset is "an offset pagination", tag "type" = "offset" {
        /// The parameter that the number is sent in.
        parameter: Option<Text> = "parameter" folk "param";
        /// The number of the first page; absent, 0.
        start: Option<Spanned<u64>> = "start";
        /// How many items there are in all, where the answer says so.
        total: Option<Text> = "total";
        /// Whether there is a next page, where the answer says so.
        more: Option<Text> = "more" folk "hasMore";
        /// The list in the answer; absent, the only one.
        items: Option<Text> = "items";
    }
}

record! {
    /// Pages by their number.
    pub struct PageNumber is "a page pagination", tag "type" = "page" {
        /// The parameter that the number is sent in.
        parameter: Option<Text> = "parameter" folk "param";
        /// The number of the first page; absent, 1.
        start: Option<Spanned<u64>> = "start";
        /// How many pages there are, where the answer says so.
        pages: Option<Text> = "pages" folk "totalPages";
        /// How many items there are in all, where the answer says so.
        total: Option<Text> = "total";
        /// Whether there is a next page, where the answer says so.
        more: Option<Text> = "more" folk "hasMore";
        /// The list in the answer; absent, the only one.
        items: Option<Text> = "items";
    }
}

record! {
    /// Pages by the `Link` header of relation `next` (RFC 8288).
    pub struct Link is "a link pagination", tag "type" = "link" {
        /// The list in the answer; absent, the only one.
        items: Option<Text> = "items";
    }
}

record! {
    /// Pages by a link in the body.
    pub struct NextLink is "a nextLink pagination", tag "type" = "nextLink" {
        /// The link in the answer.
        next: Option<Text> = "next" folk "link";
        /// The list in the answer; absent, the only one.
        items: Option<Text> = "items";
    }
}

record! {
    /// Pages by a value of the last item.
    pub struct Keyset is "a keyset pagination", tag "type" = "keyset" {
        /// The parameter that the value is sent in.
        parameter: Option<Text> = "parameter" folk "param";
        /// The value in the last item.
        key: Option<Text> = "key";
        /// Whether there is a next page, where the answer says so.
        more: Option<Text> = "more" folk "hasMore";
        /// The list in the answer; absent, the only one.
        items: Option<Text> = "items";
    }
}
