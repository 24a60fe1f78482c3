"""Photos of a person: judged, and cropped for training.

opening      a file to an upright RGB picture, if it is safe to
mainface     whose face it is, and the other ones
judging      what is wrong with a photo
light        how a face is lit
pose         how a head is turned
looks        clothes, place and light, as far as they can be measured
framing      which part of a photo a crop is
colour       white balance and exposure
background   what lies behind a person, blurred or taken out
sheet        the crops at a glance
studio       all of it for one photo
"""
