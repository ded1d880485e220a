//! Templates: literal text and the slots that are filled per call.

use std::fmt;

/// Names a variable of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct VariableId(pub(crate) u32);

/// Names an input of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct InputId(pub(crate) u32);

/// Names a compiled expression of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ExpressionId(pub(crate) u32);

impl VariableId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl InputId {
    /// The name of the input at a place of its operation.
    pub(crate) fn at(index: usize) -> Self {
        InputId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    /// Text that stands for itself.
    Literal(Box<str>),
    /// A bound variable: a secret.
    Variable(VariableId),
    /// An input of the operation.
    Input(InputId),
    /// An expression over inputs and variables.
    Expression(ExpressionId),
    /// A slot inside a quoted text inside a JSON string: its value is escaped once for the inner
    /// text, then once more for the string.
    Nested(Box<Part>),
}

impl Part {
    /// The slot itself, wherever it stands.
    pub(crate) fn slot(&self) -> &Part {
        match self {
            Part::Nested(inner) => inner.slot(),
            Part::Literal(_) | Part::Variable(_) | Part::Input(_) | Part::Expression(_) => self,
        }
    }
}

/// A compiled text. Filling one parses nothing; only an expression reaches the template engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Template {
    pub(crate) parts: Vec<Part>,
}

impl Template {
    /// The template that is this text and nothing else.
    pub(crate) fn literal(text: impl Into<Box<str>>) -> Self {
        Template { parts: vec![Part::Literal(text.into())] }
    }

    /// The text, when there is no slot in it.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The only part, when it is a slot.
    pub(crate) fn as_slot(&self) -> Option<&Part> {
        match self.parts.as_slice() {
            [Part::Literal(_)] => None,
            [slot] => Some(slot),
            _ => None,
        }
    }

    /// Whether an expression is in it, which may read any input.
    pub(crate) fn has_expression(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.slot(), Part::Expression(_)))
    }

    /// Whether a bound variable is in it.
    pub(crate) fn has_variable(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.slot(), Part::Variable(_)))
    }

    /// The inputs it needs.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = InputId> {
        self.parts.iter().filter_map(|p| match p.slot() {
            Part::Input(id) => Some(*id),
            Part::Literal(_) | Part::Variable(_) | Part::Expression(_) | Part::Nested(_) => None,
        })
    }
}

/// The compiled expressions of a plan, kept where the template engine wants them.
pub(crate) struct Expressions {
    environment: minijinja::Environment<'static>,
    sources: Vec<String>,
}

impl Default for Expressions {
    fn default() -> Self {
        let mut environment = minijinja::Environment::new();
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_fuel(Some(crate::limits::EXPRESSION_FUEL));
        Expressions { environment, sources: Vec::new() }
    }
}

impl Expressions {
    /// Compiles the body of a placeholder.
    ///
    /// # Errors
    /// What the template engine says of it.
    pub(crate) fn add(&mut self, body: &str) -> Result<ExpressionId, minijinja::Error> {
        let id = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.environment.add_template_owned(format!("expression-{id}"), format!("{{{{ {body} }}}}"))?;
        self.sources.push(body.to_owned());
        Ok(ExpressionId(id))
    }

    /// The body as the author wrote it.
    pub(crate) fn source(&self, id: ExpressionId) -> &str {
        self.sources.get(id.0 as usize).map_or("", String::as_str)
    }

    /// The names that an expression reads.
    pub(crate) fn names(&self, id: ExpressionId) -> Vec<String> {
        let Ok(template) = self.environment.get_template(&format!("expression-{}", id.0)) else { return Vec::new() };
        let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        names.sort();
        names
    }

    /// Evaluates an expression.
    ///
    /// # Errors
    /// What the template engine says of it; an undefined name is an error.
    pub(crate) fn evaluate(&self, id: ExpressionId, context: minijinja::Value) -> Result<String, minijinja::Error> {
        self.environment.get_template(&format!("expression-{}", id.0))?.render(context)
    }
}

impl fmt::Debug for Expressions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.sources).finish()
    }
}
