# Generics within generics: parameters are inherited, bound half way, and reached through members.
@0xb6a3b5a1a1c0f00c;

struct Outer(A, B) {
  a @0 :A;
  inner @1 :Inner;
  innerText @2 :Inner(Text);
  plain @3 :Plain;
  innermost @4 :Inner(B).Innermost(A);
  innermostUnbound @5 :Inner.Innermost;

  struct Plain { a @0 :A; b @1 :B; outer @2 :Outer; sibling @3 :Inner(A); }
  struct Inner(C) {
    a @0 :A; b @1 :B; c @2 :C;
    outer @3 :Outer(C, A);
    outerInner @4 :Outer(C, A).Inner(B);
    self @5 :Inner(C);
    other @6 :Inner(List(Box(C)));
    plain @7 :Plain;
    innermost @8 :Innermost(C);

    struct Innermost(D) {
      a @0 :A; b @1 :B; c @2 :C; d @3 :D;
      up @4 :Inner(D);
      upUp @5 :Outer(D, C).Inner(B).Innermost(A);
      plain @6 :Outer(D, D).Plain;
      g :group { x @7 :D; u :union { y @8 :C; z @9 :B; } }
    }
    interface Service(E) extends(Base(E), .Base(C)) {
      call @0 (a :A, c :C, e :E) -> (d :Innermost(E));
      generic @1 [F] (f :F, e :E) -> (f :Pair(F, E));
      both @2 [F, G] Pair(F, G) -> Pair(G, A);
    }
    enum Kind { x @0; y @1; }
    const size :Int32 = 3;
  }
  interface Base(X) { base @0 (x :X, a :A) -> (); }
  using Alias = Inner(Text);
  using AliasInner = Inner;
  aliased @6 :Alias;
  aliasedDeep @7 :Alias.Innermost(Data);
  aliasInner @8 :AliasInner(Data);
  kind @9 :Inner.Kind;
  kindBound @10 :Inner(Text).Kind;
  service @11 :Inner(Text).Service(Data);
  default @12 :Int32 = .Outer.Inner.size;
}
struct Pair(A, B) { a @0 :A; b @1 :B; }
struct Box(T) { t @0 :T; }
interface Base(X) { base @0 (x :X) -> (); }

struct User {
  a @0 :Outer(Text, Data);
  b @1 :Outer(Text, Data).Inner(List(Int8));
  c @2 :Outer(Text, Data).Inner(List(Int8)).Innermost(User);
  d @3 :Outer.Inner(Text);
  e @4 :Outer.Inner.Innermost(Text);
  f @5 :Outer(Text, Data).Inner;
  g @6 :Outer(Text, Data).Inner.Innermost(Text);
  h @7 :Outer(Text, Data).Plain;
  i @8 :Outer.Plain;
  j @9 :Outer(Text, Data).Alias;
  k @10 :Outer(Text, Data).Alias.Innermost(Data);
  l @11 :Outer.Alias;
  m @12 :Outer(Outer(Text, Data), Outer(Data, Text).Inner(Text)).AliasInner(User);
  n @13 :Outer(Text, Data).Inner(User).Kind;
  o @14 :Outer(Text, Data).Inner(User).Service(Data);
  p @15 :Outer(Text, Data).Base(Data);
  q @16 :Bound.Innermost(Text);
  r @17 :BoundInner;
  s @18 :Pair(Bound, BoundInner);
  t @19 :List(Outer(Text, Data).Inner(Text));
  using Bound = Outer(Text, Data).Inner(User);
  using BoundInner = Outer(Data, Text).Inner.Innermost(Data);
}
