"""Access reviews: everybody's access rules before somebody else's eyes, and what that comes to.

population   the access rules of a policy, or of a part of the tree, each by its own line
marks        why a reviewer should look twice
paper        the review as a spreadsheet, written so that it survives being saved by one
cells        such a file as rows with places, whoever saved it
filled       the file as it came back, and what is wrong with its form
checking     what is wrong with what reviewers wrote, and what has changed since
applying     the lines that were revoked, and the cases that would miss them
"""
