/// Public keys as ssh-keygen wrote them, with the fingerprints that `ssh-keygen -lf` printed.
enum KeySamples {
    static let ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINfrjt2zBFMdZyB07GRM7PpLlfrp2fW+B8UF9hFBoCPo"
    static let ed25519Pin = "ssh-ed25519 SHA256:bd/aC6B607nQO/UgJLtuNX1f62L5xXP0chMMQBMvop8"
    static let ecdsa =
        "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAAcxeUdypkf1GYSbl6sy/tVvYQqRExVX/c6"
        + "Pnd5JbgFNCb38FoS4OXUhcZ70Un4dFdoeUzyU7N9lvpbMtxwpAr6IgClpfnw9+wpieU1mu/8ZdtXc22GOz14IufG8HRw9tbXf1I7ObqllXrM"
        + "3iNDbgmLdZkyDYPsexjgW79aE4PrAz8I3A=="
    static let ecdsaPin = "ecdsa-sha2-nistp521 SHA256:mGW4vPnqU7EAFs4rIKZnuy3E4xSY9noTv02Hk0Ge3lk"
    static let rsa =
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCqVY8Sy0Dwx9JcqvqGuokqyy1egMbO4oHhdKlKnFD0xtpUPKPusUiGw1h44+zDmT5TmODm"
        + "KS6tAw9vcP8fa/+D2+FNMc4RkMvCrTANDihnM4NS2ZWK83/lIBPgduv8OC9qBAeyB2iyuHym/gGP42VbiChfJ90YwF0eojwrz0ADf4CJLq4e"
        + "eXQfLa+pMtzJvknr3n2DcTJQ8U3rNisB7e1mgzc2EJYlJRj8webd6OFVDTfewFkX3omVltywP0k9Umner5hReHvqdRmZ3kd6CV6fyhGNG5mb"
        + "ixfr+MllVs1GhOrfrnkCT6ijwHDU2QOqLAKTpCMNO6jgJj7Ecg8KZnqJLlU3F4XC33LyfEPivE2vCuiKi77qXluXXRbLPhvv8NkuzmrQzvG2"
        + "0pStmGn4PMKhKnHDdsklNOTgRES0B7nZXYFlac2SWZf27PFdwSXQmMEo1MjlgM1/cV4TZjjDPwFQ3BiG63unhU+MtlQFV9516OtmjhEVD7Rw"
        + "HpDkxBzSRxU="
    static let rsaPin = "ssh-rsa SHA256:bUw4wWpGSxjruocUGitTVG2/3P7cl4DMcusJQyd2xqk"
}
