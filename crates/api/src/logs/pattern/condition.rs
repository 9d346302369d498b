//! Conditions joined by `&&` and `||`: parentheses bind strongest, then `&&`.

use super::Malformed;
use super::cursor::Cursor;

/// Deepest nesting of parentheses, so that reading a pattern needs a bounded stack.
const DEPTH_MAX: usize = 32;

/// Conditions over leaves of one kind.
#[derive(Clone, Debug)]
pub enum Condition<L> {
    /// A single one.
    Leaf(L),
    /// All must hold.
    All(Vec<Condition<L>>),
    /// One must hold.
    Any(Vec<Condition<L>>),
}

/// How a leaf is read.
type ReadLeaf<'r, L> = &'r mut dyn FnMut(&mut Cursor<'_>) -> Result<L, Malformed>;

impl<L> Condition<L> {
    /// Reads a condition whose leaves `leaf` reads.
    ///
    /// # Errors
    /// A leaf is malformed, a parenthesis does not close, or there are too many within each other.
    pub fn parse(cursor: &mut Cursor<'_>, leaf: ReadLeaf<'_, L>) -> Result<Condition<L>, Malformed> {
        Condition::any(cursor, leaf, 0)
    }

    fn any(cursor: &mut Cursor<'_>, leaf: ReadLeaf<'_, L>, depth: usize) -> Result<Condition<L>, Malformed> {
        let first = Condition::all(cursor, leaf, depth)?;
        let mut parts = vec![first];
        while cursor.eat("||") {
            parts.push(Condition::all(cursor, leaf, depth)?);
        }
        Ok(Condition::Any(parts))
    }

    fn all(cursor: &mut Cursor<'_>, leaf: ReadLeaf<'_, L>, depth: usize) -> Result<Condition<L>, Malformed> {
        let first = Condition::unit(cursor, leaf, depth)?;
        let mut parts = vec![first];
        while cursor.eat("&&") {
            parts.push(Condition::unit(cursor, leaf, depth)?);
        }
        Ok(Condition::All(parts))
    }

    fn unit(cursor: &mut Cursor<'_>, leaf: ReadLeaf<'_, L>, depth: usize) -> Result<Condition<L>, Malformed> {
        if !cursor.eat("(") {
            return leaf(cursor).map(Condition::Leaf);
        }
        if depth == DEPTH_MAX {
            return Err(Malformed::Pattern("its parentheses are nested too deep"));
        }
        let inside = Condition::any(cursor, leaf, depth + 1)?;
        if cursor.eat(")") { Ok(inside) } else { Err(Malformed::Pattern("a parenthesis is not closed")) }
    }

    /// All leaves, from left to right.
    pub fn leaves(&self) -> Vec<&L> {
        match self {
            Condition::Leaf(leaf) => vec![leaf],
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().flat_map(Condition::leaves).collect()
            }
        }
    }

    /// Whether it holds, where `holds` tells of each leaf.
    pub fn holds(&self, holds: &dyn Fn(&L) -> bool) -> bool {
        match self {
            Condition::Leaf(leaf) => holds(leaf),
            Condition::All(parts) => parts.iter().all(|part| part.holds(holds)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(holds)),
        }
    }
}
