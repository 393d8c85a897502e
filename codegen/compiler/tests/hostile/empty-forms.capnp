@0xd1a3b5a1a1c0000b;;;;
struct S {;;; {} {{}} {;} () [] = : @ $ }
const ; struct ; struct {} ; enum {} interface {} union {} using ; import ; embed ; annotation ;
$; $(); $$a; @; @@0; = 5; -> ; : ; . ; .a ; a. ; (; ); [; ]
