//! The relay as two places see it: over real sockets, from outside. Times are only bounded from
//! below; the exact ones are asserted where they are decided, in the crate's own tests.

#[cfg(test)]
mod contact;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod life;
#[cfg(test)]
mod support;
