# Rscript score_model.R MODEL.json ROWS.csv OUT.csv: risks and contributions, in base R.
# The columns are the model's own (rereferrals_z, ...): what is absent or empty is not known.
# The risks are those of the year after the model's cut: as_of is not looked at.
file <- commandArgs(trailingOnly = TRUE)

text <- sub('.*"model": *\\{', "", paste(readLines(file[1]), collapse = " "))
texts <- function(name) {
  inside <- regmatches(text, regexec(sprintf('"%s": *\\[([^]]*)\\]', name), text))[[1]][2]
  gsub('[" ]', "", strsplit(inside, ",")[[1]])
}
numbers <- function(name) as.numeric(texts(name))
columns <- texts("columns"); groups <- texts("groups"); weights <- numbers("coefficients")
sign <- numbers("orientation"); r <- numbers("agreement"); centre <- numbers("centre")
baseline <- -tail(numbers("thresholds"), 1)

rows <- read.csv(file[2], check.names = FALSE, colClasses = "character")
level <- function(name) {
  if (name %in% names(rows)) as.numeric(rows[[name]]) else rep(NA_real_, nrow(rows))
}
x <- matrix(sapply(columns, level), nrow = nrow(rows))
x <- sweep(pmax(pmin(x, 2), -2), 2, centre)  # a level further out says no more

# What is missing is expected from the known columns of its group.
complete <- x
for (group in unique(groups)) {
  members <- which(groups == group)
  known <- x[, members, drop = FALSE]
  n <- rowSums(!is.na(known))
  total <- rowSums(sweep(known, 2, sign[members], "*"), na.rm = TRUE)
  for (column in members) {
    expected <- sign[column] * r[column] * total / (1 + (n - 1) * r[column])
    gap <- is.na(x[, column])
    complete[gap, column] <- expected[gap]
  }
}
parts <- cbind(baseline, sweep(complete, 2, weights, "*"))  # they add up to the log-odds
colnames(parts) <- paste0("contribution_", c("baseline", sub("_z$", "", columns)))
answer <- cbind(risk = plogis(rowSums(parts)), parts)
answer[rowSums(!is.na(x)) == 0, ] <- NA  # of which nothing is known
write.csv(signif(answer, 15), file[3], row.names = FALSE)
