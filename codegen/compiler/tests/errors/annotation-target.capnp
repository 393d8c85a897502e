@0xc1a3b5a1a1c0006d;
annotation onField(field) :Void;
annotation onFile(file) :Void;
$onField;
struct S $onField { a @0 :Int32 $onFile; g :group $onField { b @1 :Int32 $onField; } u :union $onField { c @2 :Int32; d @3 :Int32; } }
enum E $onField { a @0 $onField; }
interface I $onField { m @0 (a :Int32 $onField) $onField; }
const k :Int32 = 1 $onField;
annotation x(*) :Void $onField;
