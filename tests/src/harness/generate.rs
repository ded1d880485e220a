//! Files that are too large or too deep to write down in a case.

/// How to make one.
#[derive(Debug)]
pub(crate) struct Recipe {
    kind: Kind,
    size: usize,
}

#[derive(Debug)]
enum Kind {
    /// A valid capability whose `info.description` is as long as asked for, in bytes.
    Large,
    /// Flow sequences, one within the other.
    DeepFlow,
    /// Block mappings, one within the other.
    DeepBlock,
    /// Aliases that double at each level.
    AliasBomb,
    /// An anchor that holds itself.
    AliasLoop,
    /// Bytes that are no UTF-8.
    Binary,
}

impl Recipe {
    /// Reads `KIND SIZE`.
    pub(crate) fn parse(text: &str) -> Result<Recipe, String> {
        let (kind, size) = text.split_once(' ').ok_or("a recipe is a kind and a size")?;
        let kind = match kind {
            "large" => Kind::Large,
            "deep-flow" => Kind::DeepFlow,
            "deep-block" => Kind::DeepBlock,
            "alias-bomb" => Kind::AliasBomb,
            "alias-loop" => Kind::AliasLoop,
            "binary" => Kind::Binary,
            _ => return Err(format!("no recipe is called `{kind}`")),
        };
        let size = size.parse().map_err(|_| format!("`{size}` is no size"))?;
        Ok(Recipe { kind, size })
    }
}

/// The bytes that a recipe makes.
pub(crate) fn bytes(recipe: &Recipe) -> Result<Vec<u8>, String> {
    let size = recipe.size;
    let text = match recipe.kind {
        Kind::Large => large(size),
        Kind::DeepFlow => format!("ikanos: {}{}\n", "[".repeat(size), "]".repeat(size)),
        Kind::DeepBlock => deep_block(size),
        Kind::AliasBomb => alias_bomb(size),
        Kind::AliasLoop => "ikanos: 1.0.0-beta5\ncapability: &a\n  consumes: [*a]\n".to_owned(),
        Kind::Binary => return Ok((0..size).map(|n| (n % 251) as u8 | 0x80).collect()),
    };
    Ok(text.into_bytes())
}

fn large(bytes: usize) -> String {
    let filling = "word ".repeat(bytes / 5);
    format!(
        "ikanos: 1.0.0-beta5\ninfo:\n  display: Large\n  description: \"{filling}\"\n\
         capability:\n  consumes: []\n"
    )
}

fn deep_block(levels: usize) -> String {
    let lines = (0..levels).map(|level| format!("{}a:\n", " ".repeat(level)));
    lines.collect()
}

fn alias_bomb(levels: usize) -> String {
    let mut text = "ikanos: 1.0.0-beta5\nx0: &x0 [lol, lol]\n".to_owned();
    for level in 1..=levels {
        let below = level - 1;
        text.push_str(&format!("x{level}: &x{level} [*x{below}, *x{below}]\n"));
    }
    text.push_str(&format!("capability:\n  consumes: *x{levels}\n"));
    text
}
