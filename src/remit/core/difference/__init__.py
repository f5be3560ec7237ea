"""What one policy lets people do that another does not: exact, over the whole space and all of time.

Every decision rests on what a subject holds at one scope and above (design §4), and since nothing denies, whoever may
at a scope may at all below it. So what a subject may is a few *tops* for each kind and action, and two policies differ
where one's tops reach and the other's do not. Nothing is enumerated that did not change.
"""
