# Imports in every form: relative, upwards, absolute, in place, of aliases, in circles; and which of them a request lists.
@0xb6a3b5a1a1c0f01a;

using Sibling = import "sibling.capnp";
using import "sibling.capnp".Thing;
using import "deep/er/deepest.capnp".Deepest;
using Units = import "/lib/units.capnp";
using OnlyNamed = import "unused.capnp";
using Aliased = Sibling.Reexported;
using AliasedDeep = Sibling.DeepAlias.Deepest;
using Up = import "deep/../sibling.capnp";
using Dot = import "./sibling.capnp";

struct Main {
  a @0 :Thing;
  b @1 :Deepest;
  c @2 :Units.Length;
  d @3 :Units.UsesDeep;
  e @4 :import "deep/middle.capnp".Middle;
  f @5 :Aliased;
  g @6 :AliasedDeep;
  h @7 :Sibling.Generic(Deepest).Inner(Thing);
  i @8 :List(import "/lib/deep/deep.capnp".Deep);
  j @9 :Int32 = Sibling.number;
  k @10 :Up.Thing;
  l @11 :Dot.Thing;
}
const onlyItsValue :Int32 = import "values.capnp".onlyValue;
const typed :import "types.capnp".OnlyType = ();
interface Service extends(import "service.capnp".Base) { call @0 (a :import "params.capnp".Param) -> import "results.capnp".Outcome; }
struct Annotated $import "/lib/marks.capnp".mark {}
