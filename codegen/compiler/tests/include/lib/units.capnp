@0xb6a3b5a1a1c0f013;
# Found through the import path.

struct Length { metres @0 :Float64; unit @1 :Unit = metre; }
enum Unit { metre @0; foot @1; }
const foot :Length = (metres = 0.3048, unit = foot);
const zero :Int32 = 0;
using Deep = import "deep/deep.capnp";
using DeepAbsolute = import "/lib/deep/deep.capnp".Deep;
struct UsesDeep { a @0 :Deep.Deep; b @1 :DeepAbsolute; }
struct NotUsedElsewhere { a @0 :Int32; }
