@0xb6a3b5a1a1c0f01b;

using Main = import "main.capnp";
using DeepAlias = import "deep/er/deepest.capnp";
using Reexported = import "deep/middle.capnp".Middle;
struct Thing { main @0 :Main.Main; n @1 :Int32; }
struct Generic(T) { struct Inner(U) { t @0 :T; u @1 :U; } }
const number :Int32 = 33;
struct NotUsedByMain { a @0 :NotUsedEither; }
struct NotUsedEither {}
